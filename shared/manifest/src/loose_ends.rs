//! What nothing uses.

use crate::manifest::Manifest;
use crate::trigger::Trigger;
use crate::uses::Use;

impl Manifest {
    /// What nothing uses: a queue without a consumer, a bucket, stream, table or secret that no function names.
    pub fn loose_ends(&self) -> Vec<String> {
        let used = |word: &dyn Fn(&Use) -> bool| self.functions.iter().any(|function| function.uses.iter().any(word));
        let triggers =
            |with: &dyn Fn(&Trigger) -> bool| self.functions.iter().any(|function| function.triggers.iter().any(with));
        let resources = &self.resources;
        let mut loose = Vec::new();
        for name in resources.queues.keys() {
            if !triggers(&|trigger| matches!(trigger, Trigger::Sqs { queue, .. } if queue == name)) {
                loose.push(format!("queue `{name}` has no consumer"));
            }
        }
        for name in resources.buckets.keys() {
            if !used(&|word| matches!(word, Use::S3 { bucket, .. } if bucket == name)) {
                loose.push(format!("bucket `{name}` is not used"));
            }
        }
        for name in resources.streams.keys() {
            if !used(&|word| matches!(word, Use::Kinesis(stream) if stream == name)) {
                loose.push(format!("stream `{name}` is never written"));
            }
            if !triggers(&|trigger| matches!(trigger, Trigger::Kinesis { stream, .. } if stream == name)) {
                loose.push(format!("stream `{name}` is never read"));
            }
        }
        for (name, table) in &resources.tables {
            if !used(&|word| matches!(word, Use::Dynamodb { table, .. } if table == name)) {
                loose.push(format!("table `{name}` is not used"));
            }
            if table.stream && !triggers(&|trigger| matches!(trigger, Trigger::Dynamodb { table, .. } if table == name))
            {
                loose.push(format!("the stream of table `{name}` is never read"));
            }
        }
        for secret in resources.secrets.keys() {
            if !used(&|word| matches!(word, Use::Secret { name, .. } if name == secret)) {
                loose.push(format!("secret `{secret}` is not used"));
            }
        }
        loose
    }
}
