mod rows;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::Request;
use proptest::prelude::{Just, ProptestConfig, prop_assert, prop_assert_eq, prop_oneof, proptest};

use crate::handle::LocalAws;
use crate::model::Time;
use crate::testing::{START, at, elements, fast, field, fields, filled, outcome};

/// A request of a row: method and path, headers, body, outcome, and what the answer says somewhere, headers
/// (`name: value`) included. `{name}` stands for an element or a header of an earlier answer, the latest that has one.
type Asked =
    (&'static str, &'static [(&'static str, &'static str)], &'static str, &'static str, &'static str);

/// Sends a request to S3 in a region. Gives the status, and headers and body as a text.
fn send(
    local: &LocalAws,
    now: Time,
    region: &str,
    asked: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> (u16, String) {
    let (method, path) = asked.split_once(' ').expect("method and path");
    let scope = format!("AWS4-HMAC-SHA256 Credential=test/20261121/{region}/s3/aws4_request, Signature=0");
    let request = Request::builder().method(method).uri(path).header("authorization", scope);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    let answer = local.handle(now, &request.body(Bytes::copy_from_slice(body)).expect("a literal request"));
    let lines = answer
        .headers()
        .iter()
        .filter(|(name, _)| !name.as_str().ends_with("id") || *name == "x-amz-version-id");
    let lines = lines.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or("?")));
    let text = lines.collect::<String>() + "\n" + &String::from_utf8_lossy(answer.body());
    (answer.status().as_u16(), text)
}

/// In us-east-1, without headers.
fn plain(local: &LocalAws, seconds: u64, asked: &str, body: &str) -> (u16, String) {
    send(local, at(seconds), "us-east-1", asked, &[], body.as_bytes())
}

/// Checks rows of "what real AWS does", each on a cloud of its own, its requests a second after each other.
fn check(rows: &[(&str, &[Asked])]) {
    for (row, requests) in rows {
        let (local, mut seen) = (fast(), BTreeMap::new());
        for (seconds, (asked, headers, body, wanted, says)) in (1..).zip(*requests) {
            let (asked, body, says) = (filled(asked, &seen), filled(body, &seen), filled(says, &seen));
            let headers: Vec<(&str, String)> =
                headers.iter().map(|(name, value)| (*name, filled(value, &seen))).collect();
            let answer = send(&local, at(seconds), "us-east-1", &asked, &headers, body.as_bytes());
            assert_eq!(outcome(&answer), *wanted, "{row}: {asked}: {}", answer.1);
            assert!(answer.1.contains(&says), "{row}: {asked}: {says} is not in {}", answer.1);
            let (head, document) = answer.1.split_once("\n\n").unwrap_or((&answer.1, ""));
            seen.extend(
                head.lines()
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name.to_owned(), value.to_owned())),
            );
            if document.starts_with("<?xml") {
                seen.extend(elements(document));
            }
        }
    }
}

#[test]
fn of_twenty_clients_that_create_a_key_one_wins() {
    let local = fast();
    plain(&local, 0, "PUT /states", "");
    let put = &|client: u8| {
        let condition = [("if-none-match", "*".to_owned())];
        outcome(&send(&local, START, "us-east-1", "PUT /states/lock", &condition, &[client]))
    };
    let outcomes: Vec<String> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..20).map(|client| scope.spawn(move || put(client))).collect();
        clients.into_iter().filter_map(|client| client.join().ok()).collect()
    });
    let mut seen = BTreeMap::<String, usize>::new();
    for outcome in outcomes {
        *seen.entry(outcome).or_default() += 1;
    }
    assert_eq!(seen, BTreeMap::from([("200".to_owned(), 1), ("PreconditionFailed 412".to_owned(), 19)]));
}

#[test]
fn of_clients_that_count_up_on_a_condition_none_is_lost() {
    let local = fast();
    plain(&local, 0, "PUT /states", "");
    plain(&local, 0, "PUT /states/count", "0");
    let count_up = || {
        let mut done = 0;
        while done < 10 {
            let (_, text) = plain(&local, 1, "GET /states/count", "");
            let (head, count) = text.split_once("\n\n").expect("head and body");
            let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("an ETag");
            let next = (count.parse::<u32>().expect("a number") + 1).to_string();
            let condition = [("if-match", tag.to_owned())];
            let put = send(&local, at(1), "us-east-1", "PUT /states/count", &condition, next.as_bytes());
            done += u32::from(put.0 == 200);
        }
    };
    std::thread::scope(|scope| (0..20).for_each(|_| drop(scope.spawn(count_up))));
    assert!(plain(&local, 2, "GET /states/count", "").1.ends_with("\n\n200"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However long the pages are, they hold what one long page does, in its order.
    #[test]
    fn pages_put_together_are_the_whole_listing(
        keys in proptest::collection::btree_set("[ab]{1,2}(/[ab]{0,2}){0,2}", 1..12),
        size in 1_usize..5,
        delimiter in prop_oneof![Just(""), Just("&delimiter=/")],
        prefix in prop_oneof![Just(""), Just("&prefix=a"), Just("&prefix=a/")],
    ) {
        let local = fast();
        plain(&local, 0, "PUT /states", "");
        for key in &keys {
            plain(&local, 1, &format!("PUT /states/{key}"), key);
        }
        let list = |rest: &str| plain(&local, 2, &format!("GET /states?list-type=2{delimiter}{prefix}{rest}"), "").1;
        let entries = |page: &str| -> BTreeSet<String> {
            let rolled = page.split("<CommonPrefixes>").skip(1).filter_map(|part| field(part, "Prefix"));
            fields(page, "Key").into_iter().chain(rolled).map(str::to_owned).collect()
        };
        let mut page = list(&format!("&max-keys={size}"));
        let mut seen = entries(&page);
        let mut last = seen.last().cloned();
        while let Some(token) = field(&page, "NextContinuationToken") {
            let token = token.replace('+', "%2B").replace('=', "%3D");
            page = list(&format!("&max-keys={size}&continuation-token={token}"));
            let more = entries(&page);
            prop_assert!(more.len() <= size && more.first() > last.as_ref());
            last = more.last().cloned();
            seen.extend(more);
        }
        prop_assert_eq!(seen, entries(&list("")));
    }
}

#[test]
fn a_snapshot_holds_the_bytes_of_objects() {
    let local = fast();
    plain(&local, 0, "PUT /states", "");
    let bytes: Vec<u8> = (0..=255).collect();
    let put = send(&local, at(1), "us-east-1", "PUT /states/all", &[], &bytes);
    assert_eq!(put.0, 200, "{}", put.1);
    let again = LocalAws::restore(&local.snapshot()).expect("its own snapshot");
    let read = Request::get("/states/all").header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/s3/aws4_request, Signature=0",
    );
    let answer = again.handle(at(2), &read.body(Bytes::new()).expect("a literal request"));
    assert_eq!(answer.body().as_ref(), bytes);
    assert_eq!(again.snapshot(), {
        plain(&local, 2, "GET /states/all", "");
        local.snapshot()
    });
}

#[test]
fn buckets_answer_in_their_region_and_by_host() {
    let local = fast();
    let eu = |asked: &str, headers: &[(&str, String)], body: &str| {
        send(&local, at(1), "eu-west-1", asked, headers, body.as_bytes())
    };
    assert_eq!(outcome(&eu("PUT /far", &[], "")), "IllegalLocationConstraintException 400");
    let here = "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(outcome(&eu("PUT /far", &[], here)), "200");
    assert_eq!(outcome(&eu("PUT /far", &[], here)), "BucketAlreadyOwnedByYou 409");
    let lost = plain(&local, 2, "GET /far?list-type=2", "");
    assert_eq!(lost.0, 301, "{}", lost.1);
    assert!(lost.1.contains("<Code>PermanentRedirect</Code>"), "{}", lost.1);
    assert!(lost.1.contains("x-amz-bucket-region: eu-west-1"), "{}", lost.1);
    assert!(plain(&local, 2, "GET /far?location", "").1.contains(">eu-west-1</LocationConstraint>"));
    let host = [("host", "far.localhost:4599".to_owned())];
    assert_eq!(outcome(&eu("PUT /a/b", &host, "x")), "200");
    assert!(eu("GET /far/a/b", &[], "").1.ends_with("\n\nx"));
    assert_eq!(outcome(&eu("PUT //a//b/", &host, "y")), "200");
    assert!(eu("GET /far//a//b/", &[], "").1.ends_with("\n\ny"));
}

#[test]
fn presigned_addresses_need_no_headers() {
    let local = fast();
    plain(&local, 0, "PUT /states", "");
    plain(&local, 0, "PUT /states/a", "hello");
    for query in [
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20261121%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Signature=0",
        "AWSAccessKeyId=test&Expires=1795250000&Signature=0",
    ] {
        let request = Request::get(format!("/states/a?{query}")).body(Bytes::new());
        let answer = local.handle(at(1), &request.expect("a literal request"));
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (200, &b"hello"[..]), "{query}");
    }
}

#[test]
fn conflicts_and_throttling_come_from_faults() {
    let local = fast();
    plain(&local, 0, "PUT /states", "");
    for (fault, wanted) in [
        ("s3:PutObject=ConditionalRequestConflict", "ConditionalRequestConflict 409"),
        ("s3:PutObject=throttle", "SlowDown 503"),
    ] {
        local.inject(at(1), fault.parse::<crate::fault::Fault>().expect("a fault"));
        assert_eq!(outcome(&plain(&local, 1, "PUT /states/a", "x")), wanted);
        assert_eq!(outcome(&plain(&local, 2, "PUT /states/a", "x")), "200");
    }
}
