//! Rows of what real S3 does.

use super::{Asked, check};

const BUCKET: Asked = ("PUT /states", &[], "", "200", "location: /states");
const VERSIONS: Asked = (
    "PUT /states?versioning",
    &[],
    "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "200",
    "",
);
const HELLO: Asked = ("PUT /states/a", &[], "hello", "200", "etag: \"5d41402abc4b2a76b9719d911017c592\"");
const AGAIN: Asked = ("PUT /states/a", &[], "again", "200", "etag: ");

#[test]
fn buckets_answer_as_aws_does() {
    check(&[
        (
            "CreateBucket/Put/Get",
            &[
                BUCKET,
                ("HEAD /states", &[], "", "200", "x-amz-bucket-region: us-east-1"),
                HELLO,
                ("GET /states/a", &[], "", "200", "\n\nhello"),
                (
                    "GET /",
                    &[],
                    "",
                    "200",
                    "<Bucket><Name>states</Name><CreationDate>2026-11-21T07:00:01.000Z</CreationDate>",
                ),
                (
                    "GET /states?location",
                    &[],
                    "",
                    "200",
                    "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></LocationConstraint>",
                ),
            ],
        ),
        (
            "CreateBucket again, in us-east-1",
            &[BUCKET, HELLO, BUCKET, ("GET /states/a", &[], "", "200", "hello")],
        ),
        ("names of buckets", &[("PUT /No", &[], "", "InvalidBucketName 400", "<BucketName>No</BucketName>")]),
        (
            "DeleteBucket",
            &[
                BUCKET,
                HELLO,
                (
                    "DELETE /states",
                    &[],
                    "",
                    "BucketNotEmpty 409",
                    "The bucket you tried to delete is not empty",
                ),
                ("DELETE /states/a", &[], "", "204", ""),
                ("DELETE /states", &[], "", "204", ""),
                ("HEAD /states", &[], "", "404", ""),
                ("DELETE /states", &[], "", "NoSuchBucket 404", "The specified bucket does not exist"),
            ],
        ),
        (
            "Get missing -> NoSuchKey; bucket -> NoSuchBucket",
            &[
                BUCKET,
                ("GET /states/a", &[], "", "NoSuchKey 404", "The specified key does not exist."),
                ("HEAD /states/a", &[], "", "404", ""),
                ("GET /other/a", &[], "", "NoSuchBucket 404", "<BucketName>other</BucketName>"),
                ("GET /states/a?versionId=v1", &[], "", "NoSuchVersion 404", "<VersionId>v1</VersionId>"),
            ],
        ),
        (
            "encryption, public access block",
            &[
                BUCKET,
                ("GET /states?encryption", &[], "", "200", "<SSEAlgorithm>AES256</SSEAlgorithm>"),
                (
                    "PUT /states?encryption",
                    &[],
                    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
                    "200",
                    "",
                ),
                ("GET /states?encryption", &[], "", "200", "<KMSMasterKeyID>k</KMSMasterKeyID>"),
                ("PUT /states/a", &[], "x", "200", "x-amz-server-side-encryption: aws:kms"),
                ("DELETE /states?encryption", &[], "", "204", ""),
                ("GET /states?encryption", &[], "", "200", "<SSEAlgorithm>AES256</SSEAlgorithm>"),
                ("PUT /states?encryption", &[], "<Nonsense></Nonsense>", "MalformedXML 400", ""),
                (
                    "GET /states?publicAccessBlock",
                    &[],
                    "",
                    "200",
                    "<RestrictPublicBuckets>true</RestrictPublicBuckets>",
                ),
                (
                    "PUT /states?publicAccessBlock",
                    &[],
                    "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>",
                    "200",
                    "",
                ),
                (
                    "GET /states?publicAccessBlock",
                    &[],
                    "",
                    "200",
                    "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls>",
                ),
                ("DELETE /states?publicAccessBlock", &[], "", "204", ""),
                ("GET /states?publicAccessBlock", &[], "", "NoSuchPublicAccessBlockConfiguration 404", ""),
            ],
        ),
        (
            "tags",
            &[
                BUCKET,
                ("GET /states?tagging", &[], "", "NoSuchTagSet 404", "The TagSet does not exist"),
                (
                    "PUT /states?tagging",
                    &[],
                    "<Tagging><TagSet><Tag><Key>team</Key><Value>web</Value></Tag></TagSet></Tagging>",
                    "204",
                    "",
                ),
                ("GET /states?tagging", &[], "", "200", "<Tag><Key>team</Key><Value>web</Value></Tag>"),
                ("DELETE /states?tagging", &[], "", "204", ""),
                ("GET /states?tagging", &[], "", "NoSuchTagSet 404", ""),
            ],
        ),
        (
            "what is not modelled says so",
            &[
                BUCKET,
                ("PUT /states?policy", &[], "{}", "NotImplemented 501", "PutBucketPolicy is not modelled"),
                (
                    "POST /states/a?uploads",
                    &[],
                    "",
                    "NotImplemented 501",
                    "CreateMultipartUpload is not modelled",
                ),
                ("GET /states", &[], "", "NotImplemented 501", "ListObjects is not modelled"),
                ("PUT /states/a", &[("x-amz-tagging", "a=b")], "x", "NotImplemented 501", "x-amz-tagging"),
            ],
        ),
    ]);
}

#[test]
fn conditions_are_kept_as_aws_keeps_them() {
    check(&[
        (
            "Put If-None-Match:* on existing -> PreconditionFailed 412",
            &[
                BUCKET,
                HELLO,
                (
                    "PUT /states/a",
                    &[("if-none-match", "*")],
                    "x",
                    "PreconditionFailed 412",
                    "<Condition>If-None-Match</Condition>",
                ),
                ("GET /states/a", &[], "", "200", "hello"),
                ("PUT /states/a", &[("if-none-match", "\"0\"")], "x", "NotImplemented 501", ""),
            ],
        ),
        (
            "Put If-None-Match:* on new key works",
            &[BUCKET, ("PUT /states/a", &[("if-none-match", "*")], "x", "200", "")],
        ),
        (
            "Put If-Match right etag works, wrong -> 412",
            &[
                BUCKET,
                HELLO,
                ("PUT /states/a", &[("if-match", "{etag}")], "x", "200", ""),
                (
                    "PUT /states/a",
                    &[("if-match", "\"5d41402abc4b2a76b9719d911017c592\"")],
                    "y",
                    "PreconditionFailed 412",
                    "",
                ),
                ("PUT /states/a", &[("if-match", "9dd4e461268c8034f5c8564e155c67a6")], "y", "200", ""),
            ],
        ),
        (
            "Put If-Match on absent key -> NoSuchKey 404",
            &[BUCKET, ("PUT /states/a", &[("if-match", "\"0\"")], "x", "NoSuchKey 404", "<Key>a</Key>")],
        ),
        (
            "Delete If-Match wrong -> 412",
            &[
                BUCKET,
                HELLO,
                ("DELETE /states/a", &[("if-match", "\"0\"")], "", "PreconditionFailed 412", ""),
                ("DELETE /states/a", &[("if-match", "{etag}")], "", "204", ""),
                ("DELETE /states/a", &[("if-match", "*")], "", "NoSuchKey 404", ""),
                ("DELETE /states/a", &[], "", "204", ""),
            ],
        ),
        (
            "Get If-None-Match same -> 304",
            &[
                BUCKET,
                HELLO,
                ("GET /states/a", &[("if-none-match", "{etag}")], "", "304", "etag: \"5d4"),
                ("GET /states/a", &[("if-none-match", "\"0\"")], "", "200", "hello"),
                ("HEAD /states/a", &[("if-none-match", "*")], "", "304", ""),
                (
                    "GET /states/a",
                    &[("if-match", "\"0\"")],
                    "",
                    "PreconditionFailed 412",
                    "<Condition>If-Match</Condition>",
                ),
                ("GET /states/a", &[("if-modified-since", "Sat, 21 Nov 2026 07:00:02 GMT")], "", "304", ""),
                (
                    "GET /states/a",
                    &[("if-modified-since", "Sat, 21 Nov 2026 07:00:01 GMT")],
                    "",
                    "200",
                    "last-modified: Sat, 21 Nov 2026 07:00:02 GMT",
                ),
                (
                    "GET /states/a",
                    &[("if-unmodified-since", "Sat, 21 Nov 2026 07:00:01 GMT")],
                    "",
                    "PreconditionFailed 412",
                    "",
                ),
            ],
        ),
        (
            "If-None-Match:* after delete marker works",
            &[
                BUCKET,
                VERSIONS,
                HELLO,
                ("DELETE /states/a", &[], "", "204", "x-amz-delete-marker: true"),
                ("PUT /states/a", &[("if-match", "*")], "x", "NoSuchKey 404", ""),
                ("DELETE /states/a", &[("if-match", "*")], "", "PreconditionFailed 412", ""),
                ("PUT /states/a", &[("if-none-match", "*")], "x", "200", "x-amz-version-id: "),
            ],
        ),
    ]);
}

#[test]
fn objects_answer_as_aws_does() {
    check(&[
        (
            "checksum CRC32/SHA256 kept and returned",
            &[
                BUCKET,
                (
                    "PUT /states/a",
                    &[("x-amz-checksum-crc32", "NhCmhg==")],
                    "hello",
                    "200",
                    "x-amz-checksum-crc32: NhCmhg==",
                ),
                (
                    "GET /states/a",
                    &[("x-amz-checksum-mode", "ENABLED")],
                    "",
                    "200",
                    "x-amz-checksum-crc32: NhCmhg==",
                ),
                (
                    "HEAD /states/a",
                    &[("x-amz-checksum-mode", "ENABLED")],
                    "",
                    "200",
                    "x-amz-checksum-type: FULL_OBJECT",
                ),
                (
                    "PUT /states/a",
                    &[("x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")],
                    "hello",
                    "200",
                    "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
                ),
                ("PUT /states/a", &[], "hello", "200", "x-amz-checksum-crc64nvme: "),
            ],
        ),
        (
            "wrong checksum -> BadDigest",
            &[
                BUCKET,
                (
                    "PUT /states/a",
                    &[("x-amz-checksum-crc32", "NhCmhg==")],
                    "hallo",
                    "BadDigest 400",
                    "The CRC32 you specified did not match the calculated checksum.",
                ),
                ("GET /states/a", &[], "", "NoSuchKey 404", ""),
                (
                    "PUT /states/a",
                    &[("content-encoding", "aws-chunked"), ("x-amz-trailer", "x-amz-checksum-crc32")],
                    "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
                    "200",
                    "x-amz-checksum-crc32: NhCmhg==",
                ),
                ("GET /states/a", &[], "", "200", "\n\nhello"),
            ],
        ),
        (
            "what is said of an object is told with it",
            &[
                BUCKET,
                ("PUT /states/a", &[("content-type", "text/plain"), ("x-amz-meta-by", "me")], "x", "200", ""),
                ("HEAD /states/a", &[], "", "200", "x-amz-meta-by: me"),
                ("HEAD /states/a", &[], "", "200", "content-type: text/plain"),
                ("HEAD /states/a", &[], "", "200", "content-length: 1"),
                (
                    "PUT /states/b",
                    &[("x-amz-copy-source", "/states/a")],
                    "",
                    "200",
                    "<ETag>&quot;9dd4e461268c8034f5c8564e155c67a6&quot;</ETag>",
                ),
                ("HEAD /states/b", &[], "", "200", "x-amz-meta-by: me"),
                (
                    "PUT /states/b",
                    &[("x-amz-copy-source", "states/a"), ("x-amz-metadata-directive", "REPLACE")],
                    "",
                    "200",
                    "",
                ),
                ("HEAD /states/b", &[], "", "200", "content-type: binary/octet-stream"),
                (
                    "PUT /states/a",
                    &[("x-amz-copy-source", "/states/a")],
                    "",
                    "InvalidRequest 400",
                    "copy an object to itself",
                ),
                ("PUT /states/b", &[("x-amz-copy-source", "/states/c")], "", "NoSuchKey 404", ""),
                (
                    "PUT /states/b",
                    &[("x-amz-copy-source", "/states/a"), ("x-amz-copy-source-if-none-match", "*")],
                    "",
                    "PreconditionFailed 412",
                    "",
                ),
            ],
        ),
        (
            "parts of objects",
            &[
                BUCKET,
                HELLO,
                ("GET /states/a", &[("range", "bytes=1-2")], "", "206", "\n\nel"),
                ("GET /states/a", &[("range", "bytes=-2")], "", "206", "content-range: bytes 3-4/5"),
                (
                    "GET /states/a",
                    &[("range", "bytes=5-")],
                    "",
                    "InvalidRange 416",
                    "<ActualObjectSize>5</ActualObjectSize>",
                ),
            ],
        ),
        (
            "versioning: versions, delete marker, get old version",
            &[
                BUCKET,
                (
                    "GET /states?versioning",
                    &[],
                    "",
                    "200",
                    "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></VersioningConfiguration>",
                ),
                HELLO,
                VERSIONS,
                ("GET /states?versioning", &[], "", "200", "<Status>Enabled</Status>"),
                AGAIN,
                ("GET /states/a?versionId=null", &[], "", "200", "\n\nhello"),
                ("GET /states/a?versionId={x-amz-version-id}", &[], "", "200", "hello"),
                ("DELETE /states/a", &[], "", "204", "x-amz-delete-marker: true"),
                ("GET /states/a", &[], "", "NoSuchKey 404", "x-amz-delete-marker: true"),
                (
                    "GET /states/a?versionId={x-amz-version-id}",
                    &[],
                    "",
                    "MethodNotAllowed 405",
                    "allow: DELETE",
                ),
                (
                    "GET /states?versions",
                    &[],
                    "",
                    "200",
                    "<DeleteMarker><Key>a</Key><VersionId>{x-amz-version-id}</VersionId><IsLatest>true</IsLatest>",
                ),
                (
                    "GET /states?versions&max-keys=1",
                    &[],
                    "",
                    "200",
                    "<NextVersionIdMarker>{x-amz-version-id}</NextVersionIdMarker>",
                ),
                (
                    "GET /states?versions&key-marker=a&version-id-marker={x-amz-version-id}&max-keys=1",
                    &[],
                    "",
                    "200",
                    "<IsTruncated>true</IsTruncated>",
                ),
                ("GET /states?list-type=2", &[], "", "200", "<KeyCount>0</KeyCount>"),
                (
                    "DELETE /states/a?versionId={DeleteMarker/VersionId}",
                    &[],
                    "",
                    "204",
                    "x-amz-delete-marker: true",
                ),
                ("GET /states/a", &[], "", "200", "again"),
                ("DELETE /states/a?versionId=null", &[], "", "204", "x-amz-version-id: null"),
                (
                    "DELETE /states",
                    &[],
                    "",
                    "BucketNotEmpty 409",
                    "You must delete all versions in the bucket.",
                ),
            ],
        ),
        (
            "suspended versioning replaces the null version",
            &[
                BUCKET,
                VERSIONS,
                HELLO,
                (
                    "PUT /states?versioning",
                    &[],
                    "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>",
                    "200",
                    "",
                ),
                AGAIN,
                ("PUT /states/a", &[], "third", "200", ""),
                ("GET /states/a", &[], "", "200", "x-amz-version-id: null"),
                ("DELETE /states/a", &[], "", "204", "x-amz-version-id: null"),
                ("GET /states/a?versionId=null", &[], "", "MethodNotAllowed 405", ""),
                ("GET /states?versions", &[], "", "200", "</DeleteMarker><Version>"),
            ],
        ),
        (
            "ListObjectsV2 paging",
            &[
                BUCKET,
                ("PUT /states/a/1", &[], "x", "200", ""),
                ("PUT /states/a/2", &[], "x", "200", ""),
                ("PUT /states/b%20c", &[], "x", "200", ""),
                ("PUT /states/d", &[], "x", "200", ""),
                ("GET /states?list-type=2&max-keys=2&delimiter=/", &[], "", "200", "<Key>b c</Key>"),
                (
                    "GET /states?list-type=2&max-keys=2&delimiter=/",
                    &[],
                    "",
                    "200",
                    "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>",
                ),
                (
                    "GET /states?list-type=2&max-keys=1&delimiter=/",
                    &[],
                    "",
                    "200",
                    "<IsTruncated>true</IsTruncated>",
                ),
                (
                    "GET /states?list-type=2&max-keys=1&delimiter=/&continuation-token={NextContinuationToken}",
                    &[],
                    "",
                    "200",
                    "<Contents><Key>b c</Key>",
                ),
                (
                    "GET /states?list-type=2&start-after=b&encoding-type=url",
                    &[],
                    "",
                    "200",
                    "<Key>b%20c</Key>",
                ),
                ("GET /states?list-type=2&prefix=a/", &[], "", "200", "<KeyCount>2</KeyCount>"),
                (
                    "GET /states?list-type=2&continuation-token=%3F",
                    &[],
                    "",
                    "InvalidArgument 400",
                    "The continuation token provided is incorrect",
                ),
                ("GET /states?list-type=2&max-keys=many", &[], "", "InvalidArgument 400", "max-keys"),
            ],
        ),
        (
            "DeleteObjects",
            &[
                BUCKET,
                HELLO,
                (
                    "POST /states?delete",
                    &[],
                    "<Delete><Object><Key>a</Key></Object></Delete>",
                    "InvalidRequest 400",
                    "Content-MD5",
                ),
                (
                    "POST /states?delete",
                    &[("x-amz-checksum-crc32", "s4vDtA==")],
                    "<Delete><Object><Key>a</Key><ETag>0</ETag></Object><Object><Key>b</Key></Object></Delete>",
                    "200",
                    "did not hold</Message></Error><Deleted><Key>b</Key></Deleted>",
                ),
                ("GET /states/a", &[], "", "200", "hello"),
                ("PUT /states/%20a", &[], "x", "200", ""),
                (
                    "POST /states?delete",
                    &[("x-amz-checksum-crc32", "d3EuGQ==")],
                    "<Delete><Object><Key> a</Key></Object></Delete>",
                    "200",
                    "<Deleted><Key> a</Key></Deleted>",
                ),
                ("GET /states/%20a", &[], "", "NoSuchKey 404", ""),
                (
                    "POST /states?delete",
                    &[("x-amz-checksum-crc32", "C1G+nw==")],
                    "<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet></Delete>",
                    "200",
                    "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></DeleteResult>",
                ),
                ("GET /states/a", &[], "", "NoSuchKey 404", ""),
            ],
        ),
    ]);
}
