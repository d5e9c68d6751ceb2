//! How many calls a plan costs: reads are batched by kind, however many objects there are.

use infra_engine::store::MemoryStore;
use infra_local_aws::Calls;
use infra_local_aws::service::Access;
use infra_local_aws::timing::TimeModel;

use crate::support::in_process::{Cloud, applied, desired, planned, runtime};

/// The most reads that a plan without changes may take: what matters is that it is far fewer than one for each of
/// the 401 objects.
const MOST_READS: u64 = 130;

/// The calls that were made between two counts, by operation.
fn between(before: &Calls, after: &Calls) -> Vec<(String, Access, u64)> {
    let since = |key| after[key] - before.get(key).copied().unwrap_or_default();
    let counted = after.keys().map(|key @ (_, action, access)| (action.clone(), *access, since(key)));
    counted.filter(|(_, _, count)| *count > 0).collect()
}

#[test]
fn a_plan_without_changes_of_a_hundred_services_takes_few_reads() {
    runtime().block_on(async {
        let cloud = Cloud::new(TimeModel::fast());
        let (wanted, store) = (desired(include_str!("support/services.infra")), MemoryStore::default());
        let report = applied(&wanted, &store, &cloud.provider(None).await).await;
        assert!(report.is_success(), "{:?}", report.failed);
        assert_eq!(report.state.records.len(), 401);

        let before = cloud.aws.calls();
        let plan = planned(&wanted, &store, &cloud.provider(None).await).await;
        assert!(plan.is_empty(), "{:?}", plan.changes);
        let calls = between(&before, &cloud.aws.calls());
        let reads = calls.iter().filter(|(_, access, _)| *access == Access::Read);
        assert!(calls.iter().all(|(_, access, _)| *access == Access::Read), "{calls:?}");
        let reads: u64 = reads.map(|(_, _, count)| count).sum();
        assert!(reads <= MOST_READS, "{reads}: {calls:?}");
    });
}
