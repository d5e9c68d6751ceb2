//! The Route 53 hosted zones that classic load balancers' DNS names are in, by region: what
//! `CanonicalHostedZoneNameID` says, for those who leave it out of their answers.

/// From "Elastic Load Balancing endpoints and quotas", column "Route 53 Hosted Zone ID (Application Load Balancers,
/// Classic Load Balancers)": <https://docs.aws.amazon.com/general/latest/gr/elb.html> and, for China,
/// <https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-Ningxia.html>.
const ZONE_IDS: &[(&str, &str)] = &[
    ("af-south-1", "Z268VQBMOI5EKX"),
    ("ap-east-1", "Z3DQVH9N71FHZ0"),
    ("ap-northeast-1", "Z14GRHDCWA56QT"),
    ("ap-northeast-2", "ZWKZPGTI48KDX"),
    ("ap-northeast-3", "Z5LXEXXYW11ES"),
    ("ap-south-1", "ZP97RAFLXTNZK"),
    ("ap-southeast-1", "Z1LMS91P8CMLE5"),
    ("ap-southeast-2", "Z1GM3OXH4ZPM65"),
    ("ap-southeast-3", "Z08888821HLRG5A9ZRTER"),
    ("ca-central-1", "ZQSVJUPU6J1EY"),
    ("cn-north-1", "Z1GDH35T77C1KE"),
    ("cn-northwest-1", "ZM7IZAIOVVDZF"),
    ("eu-central-1", "Z215JYRZR1TBD5"),
    ("eu-central-2", "Z06391101F2ZOEP8P5EB3"),
    ("eu-north-1", "Z23TAZ6LKFMNIO"),
    ("eu-south-1", "Z3ULH7SSC9OV64"),
    ("eu-south-2", "Z0956581394HF5D5LXGAP"),
    ("eu-west-1", "Z32O12XQLNTSW2"),
    ("eu-west-2", "ZHURV8PSTC4K8"),
    ("eu-west-3", "Z3Q77PNBQS71R4"),
    ("me-central-1", "Z08230872XQRWHG2XF6I"),
    ("me-south-1", "ZS929ML54UICD"),
    ("sa-east-1", "Z2P70J7HTTTPLU"),
    ("us-east-1", "Z35SXDOTRQ7X7K"),
    ("us-east-2", "Z3AADJGX6KTTL2"),
    ("us-gov-east-1", "Z166TLBEWOO7G0"),
    ("us-gov-west-1", "Z33AYJ8TM3BH4J"),
    ("us-west-1", "Z368ELLRRE2KJ0"),
    ("us-west-2", "Z1H1FL5HABSF5"),
];

/// The hosted zone of a region's load balancers, if the table knows the region.
pub(crate) fn zone_id(region: &str) -> Option<&'static str> {
    ZONE_IDS.iter().find(|(name, _)| *name == region).map(|(_, id)| *id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_one_zone_of_its_own() {
        let ids: std::collections::BTreeSet<&str> = ZONE_IDS.iter().map(|(_, id)| *id).collect();
        assert_eq!(ids.len(), ZONE_IDS.len());
        assert!(ZONE_IDS.is_sorted_by_key(|(region, _)| *region));
        assert_eq!(zone_id("us-east-1"), Some("Z35SXDOTRQ7X7K"));
        assert_eq!(zone_id("nowhere-1"), None);
    }
}
