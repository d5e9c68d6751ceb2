//! How many calls a plan costs: reads are batched by kind, however many objects there are.

use infra_engine::store::MemoryStore;
use infra_local_aws::Calls;
use infra_local_aws::service::Access;
use infra_local_aws::timing::TimeModel;

use crate::support::in_process::{Cloud, applied, desired, planned, runtime};

/// The calls that were made between two counts, by operation.
fn between(before: &Calls, after: &Calls) -> Vec<(String, Access, u64)> {
    let since = |key| after[key] - before.get(key).copied().unwrap_or_default();
    let counted = after.keys().map(|key @ (_, action, access)| (action.clone(), *access, since(key)));
    counted.filter(|(_, _, count)| *count > 0).collect()
}

/// The reads of a plan without changes, by operation, with so many services in one project: four objects each, and a
/// zone.
fn reads(services: usize) -> String {
    let text = include_str!("support/services.infra").replace("range(100)", &format!("range({services})"));
    runtime().block_on(async {
        let cloud = Cloud::new(TimeModel::fast());
        let (wanted, store) = (desired(&text), MemoryStore::default());
        let report = applied(&wanted, &store, &cloud.provider(None).await).await;
        assert!(report.is_success(), "{:?}", report.failed);
        assert_eq!(report.state.records.len(), 4 * services + 1);

        let before = cloud.aws.calls();
        let plan = planned(&wanted, &store, &cloud.provider(None).await).await;
        assert!(plan.is_empty(), "{:?}", plan.changes);
        let calls = between(&before, &cloud.aws.calls());
        assert!(calls.iter().all(|(_, access, _)| *access == Access::Read), "{calls:?}");
        calls.into_iter().map(|(action, _, count)| format!("{action} {count}\n")).collect()
    })
}

/// What grows with the services is one call for the attributes of each load balancer, which AWS tells of one at a time,
/// and one for the tags of each twenty; all else comes in pages.
#[test]
fn a_plan_without_changes_takes_few_reads_and_they_grow_by_pages() {
    insta::assert_snapshot!(reads(20), @"
    DescribeAutoScalingGroups 1
    DescribeLaunchConfigurations 1
    DescribeLoadBalancerAttributes 20
    DescribeLoadBalancers 2
    DescribeTags 1
    GetHostedZone 1
    ListResourceRecordSets 1
    ListTagsForResource 1
    ");
    insta::assert_snapshot!(reads(100), @"
    DescribeAutoScalingGroups 2
    DescribeLaunchConfigurations 2
    DescribeLoadBalancerAttributes 100
    DescribeLoadBalancers 2
    DescribeTags 5
    GetHostedZone 1
    ListResourceRecordSets 1
    ListTagsForResource 1
    ");
}

/// From a hundred to a thousand services nothing grows more than tenfold: one call for the attributes of each load
/// balancer, and pages of twenty for tags, fifty for groups and launch settings, three hundred for records and four
/// hundred for load balancers, which are listed twice. Making a thousand takes a minute and a half of computing: they are
/// made with `EVERY_STEP=1`.
#[test]
fn a_thousand_services_take_ten_times_the_reads_of_a_hundred_at_most() {
    if std::env::var_os("EVERY_STEP").is_none() {
        return;
    }
    insta::assert_snapshot!(reads(1000), @"
    DescribeAutoScalingGroups 20
    DescribeLaunchConfigurations 20
    DescribeLoadBalancerAttributes 1000
    DescribeLoadBalancers 6
    DescribeTags 50
    GetHostedZone 1
    ListResourceRecordSets 4
    ListTagsForResource 1
    ");
}
