//! Who asks whom: service, region and account of a request.

use http::HeaderMap;

/// What the headers of a request say about it. Signatures are not checked: any key works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The signing name: `ec2`, `autoscaling`, `monitoring`, `elasticloadbalancing`, `iam`,
    /// `route53`, `s3`, `sts`.
    pub service: String,
    /// For instance `us-east-1`.
    pub region: String,
    /// The access key; one of 12 digits is taken as the account number, so that tests can have accounts of
    /// their own.
    pub access_key: String,
}

/// Reads `Credential=KEY/DATE/REGION/SERVICE/aws4_request` from the `Authorization` header, or from the query string of
/// an address that was signed in advance. Without one, the
/// host's first label (`ec2.us-east-1.amazonaws.com`) or Route 53's path tell. `None` if nothing does.
pub fn identify(headers: &HeaderMap, host: &str, path: &str, query: &str) -> Option<Identity> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    scope(header("authorization"), header("x-amz-region-set"))
        .or_else(|| presigned(query))
        .or_else(|| unsigned(host, path))
}

fn presigned(query: &str) -> Option<Identity> {
    let said = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    if let (Some(access_key), Some(_)) = (said("AWSAccessKeyId"), said("Signature")) {
        // The second version of signatures, which clients still make for S3, names no region.
        return Some(identity("s3", "", &access_key));
    }
    let (algorithm, credential) = (said("X-Amz-Algorithm")?, said("X-Amz-Credential")?);
    let regions = said("X-Amz-Region-Set").unwrap_or_default();
    scope(&format!("{algorithm} Credential={credential}"), &regions)
}

fn scope(authorization: &str, region_set: &str) -> Option<Identity> {
    let (algorithm, rest) = authorization.split_once(' ')?;
    let credential = rest.split_once("Credential=")?.1.split(',').next()?;
    let mut parts = credential.trim().split('/').rev();
    let (_terminator, service) = (parts.next()?, parts.next()?);
    // A signature for several regions (sigv4a) leaves the region out of the scope.
    let region = if algorithm == "AWS4-ECDSA-P256-SHA256" { region_set } else { parts.next()? };
    let _date = parts.next()?;
    Some(identity(service, region, parts.next()?))
}

fn unsigned(host: &str, path: &str) -> Option<Identity> {
    if path.starts_with("/2013-04-01/") {
        return Some(identity("route53", "us-east-1", ""));
    }
    let host = host.split(':').next()?;
    if host.split('.').skip(1).any(|label| label == "s3") {
        // The labels before it are a bucket, the one after it is a region.
        let region = host
            .rsplit_once(".s3.")
            .and_then(|(_, rest)| rest.split('.').find(|label| *label != "dualstack"));
        return Some(identity("s3", region.filter(|region| *region != "amazonaws").unwrap_or_default(), ""));
    }
    let mut labels = host.split('.');
    let (service, region) = (labels.next()?, labels.next()?);
    Some(identity(service, if region == "amazonaws" { "us-east-1" } else { region }, ""))
}

fn identity(service: &str, region: &str, access_key: &str) -> Identity {
    let region = region.split(',').next().filter(|region| !region.is_empty() && *region != "*");
    Identity {
        service: service.to_owned(),
        region: region.unwrap_or("us-east-1").to_owned(),
        access_key: access_key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(authorization: &str, host: &str, path: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        if let Ok(value) = authorization.parse() {
            headers.insert("authorization", value);
        }
        identify(&headers, host, path, "").map(|who| (who.service, who.region))
    }

    #[test]
    fn service_and_region_come_from_the_credential_scope_else_from_host_or_path() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
        let pair = |service: &str, region: &str| Some((service.to_owned(), region.to_owned()));
        assert_eq!(of(signed, "127.0.0.1:4566", "/"), pair("ec2", "eu-west-1"));
        let many = "AWS4-ECDSA-P256-SHA256 Credential=AKIA/20261121/sts/aws4_request, SignedHeaders=host, Signature=0";
        assert_eq!(of(many, "127.0.0.1:4566", "/"), pair("sts", "us-east-1"));
        assert_eq!(of("", "autoscaling.eu-west-1.amazonaws.com", "/"), pair("autoscaling", "eu-west-1"));
        assert_eq!(of("", "states.s3.eu-west-1.amazonaws.com", "/"), pair("s3", "eu-west-1"));
        assert_eq!(of("", "states.s3.amazonaws.com", "/"), pair("s3", "us-east-1"));
        assert_eq!(of("", "localhost:1", "/2013-04-01/hostedzone"), pair("route53", "us-east-1"));
        assert_eq!(of("", "localhost:1", "/"), None);
    }
}
