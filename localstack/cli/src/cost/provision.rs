//! What stands there although nobody watches: `infra-terraform/<environment>/size.tf`.

use std::{fs, path::Path, str::FromStr};

use anyhow::{Context, Result};

/// The sizes of an environment.
#[derive(Debug, Clone)]
pub(super) struct Provision {
    pub(super) zones: u128,
    pub(super) nat_per_zone: bool,
    /// Interface endpoints of each zone.
    pub(super) endpoints: u128,
    pub(super) log_days: u128,
    /// Of the gateway.
    pub(super) requests_per_second: u128,
    pub(super) database: Database,
    pub(super) redis: Nodes,
    pub(super) search: Nodes,
    pub(super) search_storage_gib: u128,
}

/// Postgres.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) class: String,
    pub(super) storage_gib: u128,
    pub(super) multi_az: bool,
}

/// Machines of one class.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    pub(super) class: String,
    pub(super) nodes: u128,
}

impl Provision {
    /// Reads an environment.
    ///
    /// # Errors
    /// With the file and the setting that is missing or of another form.
    pub(super) fn load(root: &Path, environment: &str) -> Result<Self> {
        let file = format!("infra-terraform/{environment}/size.tf");
        let text = fs::read_to_string(root.join(&file)).with_context(|| file.clone())?;
        Self::parse(&text).context(file)
    }

    fn parse(text: &str) -> Result<Self> {
        let line = |name: &str| value(text, name);
        let (database, redis, search) = (line("database")?, line("redis")?, line("search")?);
        let nodes =
            |object| -> Result<_> { Ok(Nodes { class: word(object, "class")?, nodes: within(object, "nodes")? }) };
        Ok(Self {
            zones: number(line("zones")?, "zones")?,
            nat_per_zone: number(line("nat_per_zone")?, "nat_per_zone")?,
            endpoints: line("interface_endpoints")?.matches('"').count() as u128 / 2,
            log_days: number(line("log_days")?, "log_days")?,
            requests_per_second: number(line("requests_per_second")?, "requests_per_second")?,
            database: Database {
                class: word(database, "class")?,
                storage_gib: within(database, "storage_gib")?,
                multi_az: within(database, "multi_az")?,
            },
            redis: nodes(redis)?,
            search: nodes(search)?,
            search_storage_gib: within(search, "storage_gib")?,
        })
    }
}

/// What stands behind `name =` on its line.
fn value<'a>(text: &'a str, name: &str) -> Result<&'a str> {
    let named = |line: &'a str| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    };
    text.lines().find_map(named).with_context(|| format!("there is no `{name}`"))
}

/// What stands behind `name =` within the braces of an object.
fn field<'a>(object: &'a str, name: &str) -> Result<&'a str> {
    let fields = object.trim_start_matches('{').trim_end_matches('}').split(',');
    let mut named = fields.filter_map(|field| field.split_once('='));
    let found = named.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
    found.with_context(|| format!("there is no `{name}` in {object}"))
}

fn word(object: &str, name: &str) -> Result<String> {
    Ok(field(object, name)?.trim_matches('"').to_owned())
}

fn within<T: FromStr>(object: &str, name: &str) -> Result<T> {
    number(field(object, name)?, name)
}

fn number<T: FromStr>(text: &str, name: &str) -> Result<T> {
    text.parse().ok().with_context(|| format!("`{name}` is `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_both_environments_are_read() {
        let root = crate::root().unwrap();
        let prod = Provision::load(&root, "prod").unwrap();
        assert!(prod.zones >= 2 && prod.search.nodes != 2 && prod.database.class.starts_with("db."));
        assert!(prod.redis.class.starts_with("cache.") && prod.requests_per_second > 0);
        let dev = Provision::load(&root, "dev").unwrap();
        assert!(dev.log_days <= prod.log_days);
        let error = format!("{:#}", Provision::load(&root, "test").unwrap_err());
        assert!(error.contains("infra-terraform/test/size.tf"), "{error}");
    }

    #[test]
    fn a_setting_of_another_form_is_told() {
        let error = Provision::parse("zones = 2\n").unwrap_err().to_string();
        assert_eq!(error, "there is no `database`");
        assert_eq!(field("{ class = \"x\", nodes = 3 }", "nodes").unwrap(), "3");
        assert!(within::<u128>("{ nodes = many }", "nodes").is_err());
    }
}
