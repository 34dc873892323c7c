//! What a month of a cinema costs, by groups.

use std::collections::BTreeMap;

use anyhow::Result;
use manifest::Plan;
use serde::Serialize;

use super::{
    assumption::Size,
    assumptions::Assumptions,
    duration::Duration,
    engine::{Engines, Machines, record_bytes},
    load::Load,
    money::Money,
    peak::Clock,
    price::Prices,
    provision::Provision,
    usage::Usage,
};

const GIB: u128 = 1 << 30;
/// Days of a month for what is kept.
const MONTH_DAYS: u128 = 30;

/// A month.
#[derive(Debug, Serialize)]
pub(super) struct Bill {
    pub(super) groups: Vec<Group>,
    pub(super) total: Money,
    pub(super) per_viewer: Money,
    /// All functions, the dearest first: requests and time of Lambda.
    pub(super) functions: Vec<FunctionCost>,
}

/// A part of the bill.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) cost: Money,
}

/// Of a function.
#[derive(Debug, Serialize)]
pub(super) struct FunctionCost {
    pub(super) name: String,
    pub(super) calls: u128,
    pub(super) cost: Money,
}

/// Everything that a bill is reckoned from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Month<'a> {
    pub(super) plan: &'a Plan,
    pub(super) prices: &'a Prices,
    pub(super) assumptions: &'a Assumptions,
    pub(super) clock: &'a Clock,
    pub(super) size: &'a Size,
    pub(super) provision: &'a Provision,
    pub(super) durations: &'a BTreeMap<String, Duration>,
    pub(super) load: &'a Load,
    pub(super) usage: &'a Usage,
    pub(super) engines: &'a Engines,
}

impl Month<'_> {
    /// Reckons the bill.
    ///
    /// # Errors
    /// When a price or a value is missing.
    pub(super) fn bill(&self) -> Result<Bill> {
        let time = self.memory_time();
        let all_time = time.values().sum();
        let (request, seconds) =
            (self.price("lambda.request", self.usage.calls)?, self.price("lambda.arm64", all_time)?);
        let groups = [
            ("Lambda: requests", request),
            ("Lambda: GB-seconds", seconds),
            ("API Gateway", self.price("apigateway.request", self.load.requests)?),
            ("CloudFront: egress", self.price("cloudfront.egress", self.egress_bytes()?)?),
            ("CloudFront: requests", self.price("cloudfront.request", self.edge_requests()?)?),
            ("Firewall (WAF)", self.firewall()?),
            ("S3", self.objects()?),
            ("DynamoDB", self.tables()?),
            ("Kinesis", self.streams()?),
            ("SQS", self.price("sqs.request", self.usage.queue_requests)?),
            ("RDS and its proxy", self.database()?),
            ("ElastiCache", self.machines("elasticache", &self.engines.redis)?),
            ("OpenSearch", self.search()?),
            ("ClickHouse", self.clickhouse()?),
            ("SES", self.price("ses.mail", self.assumptions.count("mails", self.size)?)?),
            ("CloudWatch", self.logs()?),
            ("KMS and secrets", self.secrets()?),
            ("NAT and endpoints", self.network()?),
        ];
        let groups: Vec<Group> = groups.into_iter().map(|(name, cost)| Group { name, cost }).collect();
        let total: Money = groups.iter().map(|group| group.cost).sum();
        let part = |whole: Money, of: u128, all: u128| whole.picodollars() * of / all.max(1);
        let mut functions: Vec<FunctionCost> = self
            .load
            .functions
            .iter()
            .map(|(name, work)| {
                let time = time.get(name).copied().unwrap_or_default();
                let cost = part(request, work.calls, self.usage.calls) + part(seconds, time, all_time);
                FunctionCost { name: name.clone(), calls: work.calls, cost: Money::of_picodollars(cost) }
            })
            .collect();
        functions.sort_by(|one, other| other.cost.cmp(&one.cost).then_with(|| one.name.cmp(&other.name)));
        Ok(Bill { groups, total, per_viewer: total.share(self.size.viewers), functions })
    }

    fn price(&self, name: &str, quantity: u128) -> Result<Money> {
        self.prices.cost(name, quantity)
    }

    fn value(&self, name: &str) -> Result<u128> {
        Ok(self.assumptions.value(name)?.whole())
    }

    fn count(&self, activity: &str) -> Result<u128> {
        self.assumptions.count(activity, self.size)
    }

    /// MiB times microseconds by function.
    fn memory_time(&self) -> BTreeMap<String, u128> {
        let time = |(name, work): (&String, &super::load::Work)| {
            let duration = self.durations.get(name)?;
            Some((name.clone(), duration.memory_time(work.calls, work.items_of_call())))
        };
        self.load.functions.iter().filter_map(time).collect()
    }

    /// Films and answers of the API.
    pub(super) fn egress_bytes(&self) -> Result<u128> {
        let films = self.count("hours")? * self.value("media_bytes_per_hour")?;
        Ok(films + self.load.requests * self.value("answer_bytes")?)
    }

    fn segments(&self) -> Result<u128> {
        Ok(self.count("hours")? * self.value("segments_per_hour")?)
    }

    /// Segments and calls of the API: everything passes the edge.
    pub(super) fn edge_requests(&self) -> Result<u128> {
        Ok(self.segments()? + self.load.requests)
    }

    /// It looks at every request of the distribution, segments among them.
    fn firewall(&self) -> Result<Money> {
        let rules = self.price("waf.rule", self.value("firewall_rules")?)?;
        let parts = [self.price("waf.acl", 1)?, rules, self.price("waf.request", self.edge_requests()?)?];
        Ok(parts.into_iter().sum())
    }

    fn objects(&self) -> Result<Money> {
        let hours = |titles| Ok::<_, anyhow::Error>(self.assumptions.value("title_hours")?.times(titles));
        let kept = hours(self.size.titles)? * self.value("stored_bytes_per_hour")?;
        let misses = self.assumptions.value("cache_miss_share")?.times(self.segments()?);
        let put = hours(self.size.uploads)? * self.value("objects_per_film_hour")?;
        let parts = [self.price("s3.storage", kept)?, self.price("s3.get", misses)?, self.price("s3.put", put)?];
        Ok(parts.into_iter().sum())
    }

    fn tables(&self) -> Result<Money> {
        let units = self.usage.units();
        let kept = self.size.viewers * self.value("table_bytes_per_viewer")?;
        let parts = [
            self.price("dynamodb.read", units.reads)?,
            self.price("dynamodb.write", units.writes)?,
            self.price("dynamodb.storage", kept)?,
            self.price("dynamodb.backup", kept)?,
        ];
        Ok(parts.into_iter().sum())
    }

    fn streams(&self) -> Result<Money> {
        let shards: u128 = self.engines.shards.values().sum();
        let mut payload = 0;
        for (name, records) in &self.load.records {
            if self.plan.streams.contains_key(name) {
                let of_record = record_bytes(name, self.assumptions)?.div_ceil(self.value("payload_bytes")?.max(1));
                payload += records * of_record;
            }
        }
        let parts =
            [self.price("kinesis.shard", shards * self.clock.month_hours)?, self.price("kinesis.put", payload)?];
        Ok(parts.into_iter().sum())
    }

    fn machines(&self, engine: &str, machines: &Machines) -> Result<Money> {
        self.price(&format!("{engine}.{}", machines.class), machines.number * self.clock.month_hours)
    }

    fn database(&self) -> Result<Money> {
        let (provision, postgres) = (&self.provision.database, &self.engines.postgres);
        let copies = if provision.multi_az { 2 } else { 1 };
        let machines = Machines { number: postgres.number * copies, ..postgres.clone() };
        let viewers = self.size.viewers * self.value("database_bytes_per_viewer")?;
        let kept = viewers.max(provision.storage_gib * GIB) * copies;
        // A proxy is paid by the processors behind it, those of a standby not counted.
        let proxy = self.price("rds.proxy", postgres.vcpus.max(2) * postgres.number * self.clock.month_hours)?;
        let parts = [self.machines("rds", &machines)?, self.price("rds.storage", kept)?, proxy];
        Ok(parts.into_iter().sum())
    }

    fn search(&self) -> Result<Money> {
        let kept = self.engines.search.number * self.provision.search_storage_gib * GIB;
        let parts = [self.machines("opensearch", &self.engines.search)?, self.price("opensearch.storage", kept)?];
        Ok(parts.into_iter().sum())
    }

    fn clickhouse(&self) -> Result<Money> {
        let kept = self.usage.rows * self.value("row_bytes")? * self.value("row_months")?;
        let parts = [self.machines("clickhouse", &self.engines.clickhouse)?, self.price("clickhouse.storage", kept)?];
        Ok(parts.into_iter().sum())
    }

    fn logs(&self) -> Result<Money> {
        let written = self.usage.calls * self.value("log_bytes_per_call")?
            + self.load.requests * self.value("access_log_bytes")?;
        let kept = self.assumptions.value("logs_kept_share")?.times(written) * self.provision.log_days / MONTH_DAYS;
        let alarms = self.plan.functions.len() + self.plan.dead_letter_queues.len();
        let methods: usize = self.plan.functions.values().map(|function| function.routes.len()).sum();
        let parts = [
            self.price("cloudwatch.logs", written)?,
            self.price("cloudwatch.logs_kept", kept)?,
            self.price("cloudwatch.alarm", alarms as u128 + self.value("other_alarms")?)?,
            self.price("cloudwatch.metric", methods as u128 * self.value("metrics_per_method")?)?,
        ];
        Ok(parts.into_iter().sum())
    }

    fn secrets(&self) -> Result<Money> {
        let secrets = self.plan.secrets.len() as u128 + self.value("secret_settings")?;
        let requests = self.usage.cold_starts * self.value("secrets_of_cold_start")?;
        let parts = [
            self.price("kms.key", self.value("keys")?)?,
            self.price("kms.request", requests)?,
            self.price("secrets.secret", secrets)?,
            self.price("secrets.request", requests)?,
        ];
        Ok(parts.into_iter().sum())
    }

    fn network(&self) -> Result<Money> {
        let Provision { zones, nat_per_zone, endpoints, .. } = self.provision;
        let gateways = if *nat_per_zone { *zones } else { 1 };
        let hours = self.clock.month_hours;
        let parts = [
            self.price("vpc.nat", gateways * hours)?,
            self.price("vpc.address", gateways * hours)?,
            self.price("vpc.nat_bytes", self.usage.nat_bytes)?,
            self.price("vpc.endpoint", endpoints * zones * hours)?,
        ];
        Ok(parts.into_iter().sum())
    }
}
