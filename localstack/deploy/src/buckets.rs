//! S3 buckets: versions, CORS for browser uploads, and what ends by itself.

use anyhow::{Context, Result, bail};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketLocationConstraint, BucketVersioningStatus,
    CorsConfiguration, CorsRule, CreateBucketConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, VersioningConfiguration,
};
use manifest::Plan;
use manifest::plan::{Bucket, Cors, Reference, Value};

use crate::clients::Clients;
use crate::settings::Settings;
use crate::together::together;

pub(crate) async fn deploy(clients: &Clients, plan: &Plan, settings: &Settings) -> Result<usize> {
    let known = clients.s3.list_buckets().send().await.context("listing buckets")?;
    let known: Vec<&str> = known.buckets().iter().filter_map(|bucket| bucket.name()).collect();
    let jobs = plan.buckets.iter().map(|(name, bucket)| {
        let exists = known.contains(&name.as_str());
        async move {
            if !exists {
                create(clients, name).await?;
            }
            configure(clients, name, bucket, settings).await?;
            Ok(usize::from(!exists))
        }
    });
    together(jobs).await
}

async fn create(clients: &Clients, name: &str) -> Result<()> {
    let place = BucketLocationConstraint::from(engines::aws::REGION);
    let place = CreateBucketConfiguration::builder().location_constraint(place).build();
    let create = clients.s3.create_bucket().bucket(name).create_bucket_configuration(place);
    create.send().await.with_context(|| format!("creating bucket {name}"))?;
    Ok(())
}

/// Every call replaces what is there, so all are made every time.
async fn configure(clients: &Clients, name: &str, bucket: &Bucket, settings: &Settings) -> Result<()> {
    let failed = || format!("configuring bucket {name}");
    if bucket.versioned {
        let versioning = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = clients.s3.put_bucket_versioning().bucket(name).versioning_configuration(versioning);
        put.send().await.with_context(failed)?;
    }
    if let Some(cors) = &bucket.cors {
        let cors = CorsConfiguration::builder().cors_rules(cors_rule(cors, settings)?).build()?;
        let put = clients.s3.put_bucket_cors().bucket(name).cors_configuration(cors);
        put.send().await.with_context(failed)?;
    }
    let rules = lifecycle(bucket)?;
    if !rules.is_empty() {
        let lifecycle = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build()?;
        let put = clients.s3.put_bucket_lifecycle_configuration().bucket(name).lifecycle_configuration(lifecycle);
        put.send().await.with_context(failed)?;
    }
    Ok(())
}

fn cors_rule(cors: &Cors, settings: &Settings) -> Result<CorsRule> {
    let origin = |value: &Value| match value {
        Value::Literal(origin) => Ok(origin.clone()),
        Value::Reference(Reference::Setting(name)) => {
            Ok(settings.get(name).with_context(|| format!("the platform has no setting {name}"))?.to_owned())
        }
        Value::Reference(other) => bail!("{other:?} is no origin"),
    };
    let origins = cors.origins.iter().map(origin).collect::<Result<_>>()?;
    let rule = CorsRule::builder()
        .set_allowed_origins(Some(origins))
        .set_allowed_methods(Some(cors.methods.clone()))
        .set_allowed_headers(Some(cors.headers.clone()))
        .set_expose_headers(Some(cors.exposed_headers.clone()))
        .max_age_seconds(cors.max_age_seconds.try_into()?);
    Ok(rule.build()?)
}

fn lifecycle(bucket: &Bucket) -> Result<Vec<LifecycleRule>> {
    let rule = |id: &str| {
        let everything = LifecycleRuleFilter::builder().prefix("").build();
        LifecycleRule::builder().id(id).status(ExpirationStatus::Enabled).filter(everything)
    };
    let mut rules = Vec::new();
    if let Some(days) = bucket.abort_multipart_days {
        let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(days.try_into()?).build();
        rules.push(rule("abort-multipart").abort_incomplete_multipart_upload(abort).build()?);
    }
    if let Some(days) = bucket.expire_days {
        let expiration = LifecycleExpiration::builder().days(days.try_into()?).build();
        rules.push(rule("expire").expiration(expiration).build()?);
    }
    Ok(rules)
}
