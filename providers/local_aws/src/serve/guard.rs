//! Who may ask: programs on this machine, but not a page in its browser.
//!
//! A page can send requests to loopback under a name of its own that it has rebound to 127.0.0.1, or from its own
//! origin. The first is told by the `Host` header, the second by `Origin`.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Why a request with these headers is none of ours; `None` if it is.
pub fn stranger(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(host) = text(HOST).filter(|host| !is_local(host) && !is_aws(host)) {
        return Some(format!(
            "this AWS answers requests for 127.0.0.1, localhost and AWS's own names, not for {host}; use its address as the endpoint"
        ));
    }
    let origin = text(ORIGIN).map(|origin| origin.split_once("://").map_or(origin, |(_, host)| host));
    origin
        .filter(|origin| !is_local(origin))
        .map(|origin| format!("this AWS does not answer pages of other sites, such as {origin}"))
}

/// Without the port.
fn name(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    }
}

fn is_local(host: &str) -> bool {
    let name = name(host).trim_end_matches('.').to_ascii_lowercase();
    let loopback = name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    loopback || name == "localhost" || name.ends_with(".localhost")
}

fn is_aws(host: &str) -> bool {
    let name = name(host).trim_end_matches('.').to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"].iter().any(|suffix| name.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_answered() {
        let table = [
            ("127.0.0.1:4599", "", true),
            ("localhost:4599", "", true),
            ("ec2.localhost:4599", "", true),
            ("[::1]:4599", "", true),
            ("ec2.us-east-1.amazonaws.com", "", true),
            ("evil.example:4599", "", false),
            ("127.0.0.1.evil.example", "", false),
            ("amazonaws.com.evil.example", "", false),
            ("10.0.0.1", "", false),
            ("127.0.0.1:4599", "http://localhost:3000", true),
            ("127.0.0.1:4599", "https://evil.example", false),
            ("127.0.0.1:4599", "null", false),
        ];
        for (host, origin, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, host.parse().expect("a header"));
            if !origin.is_empty() {
                headers.insert(ORIGIN, origin.parse().expect("a header"));
            }
            assert_eq!(stranger(&headers).is_none(), expected, "{host} {origin}");
        }
        assert_eq!(stranger(&HeaderMap::new()), None);
    }
}
