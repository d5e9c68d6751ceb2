use crate::handle::{LocalAws, Options};
use crate::testing::{Asked, at, call, check, fast, field, fields, outcome};
use crate::timing::TimeModel;

fn iam(local: &LocalAws, form: &str) -> String {
    outcome(&call(local, at(0), "iam", &format!("Action={form}")))
}

fn told(local: &LocalAws, form: &str) -> String {
    let answer = call(local, at(0), "iam", &format!("Action={form}"));
    assert_eq!(answer.0, 200, "{form}\n{}", answer.1);
    answer.1
}

/// Rows of `GetCallerIdentity` and instance profiles.
#[test]
fn sts_and_iam_answer_as_aws_does() {
    const CREATE: Asked =
        ("iam", "CreateInstanceProfile&InstanceProfileName=web", "200", "instance-profile/web</Arn>");
    const ROLE: Asked = (
        "iam",
        r#"CreateRole&RoleName=r&AssumeRolePolicyDocument={"Statement":[]}"#,
        "200",
        "<RoleName>r</RoleName>",
    );
    const ADD: Asked =
        ("iam", "AddRoleToInstanceProfile&InstanceProfileName=web&RoleName=r", "200", "RequestId");
    check(&[
        ("GetCallerIdentity", &[("sts", "GetCallerIdentity", "200", "<Account>123456789012</Account>")]),
        (
            "instance-profile create/get/add-role",
            &[
                CREATE,
                ROLE,
                ADD,
                ("iam", "GetInstanceProfile&InstanceProfileName=web", "200", "<RoleName>r</RoleName>"),
            ],
        ),
        (
            "GetInstanceProfile missing -> NoSuchEntity",
            &[("iam", "GetInstanceProfile&InstanceProfileName=web", "NoSuchEntity 404", "cannot be found")],
        ),
        (
            "CreateInstanceProfile dup -> EntityAlreadyExists",
            &[CREATE, (CREATE.0, CREATE.1, "EntityAlreadyExists 409", "already exists")],
        ),
        (
            "DeleteInstanceProfile with role -> DeleteConflict",
            &[
                CREATE,
                ROLE,
                ADD,
                (
                    "iam",
                    "DeleteInstanceProfile&InstanceProfileName=web",
                    "DeleteConflict 409",
                    "remove roles",
                ),
            ],
        ),
    ]);
}

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get *"}]}"#;

#[test]
fn a_profile_carries_a_role_and_both_go_in_order() {
    let local = fast();
    let role = format!("CreateRole&RoleName=web&Path=/app/&AssumeRolePolicyDocument={POLICY}");
    for (form, outcome) in [
        (role.as_str(), "200"),
        (role.as_str(), "EntityAlreadyExists 409"),
        ("CreateRole&RoleName=bad&AssumeRolePolicyDocument=nonsense", "MalformedPolicyDocument 400"),
        ("CreateRole&RoleName=a b&AssumeRolePolicyDocument={}", "ValidationError 400"),
        ("CreateInstanceProfile&InstanceProfileName=web", "200"),
        ("CreateInstanceProfile&InstanceProfileName=web", "EntityAlreadyExists 409"),
        ("AddRoleToInstanceProfile&InstanceProfileName=web&RoleName=nobody", "NoSuchEntity 404"),
        ("AddRoleToInstanceProfile&InstanceProfileName=web&RoleName=web", "200"),
        ("AddRoleToInstanceProfile&InstanceProfileName=web&RoleName=web", "LimitExceeded 409"),
        ("DeleteInstanceProfile&InstanceProfileName=web", "DeleteConflict 409"),
        ("DeleteRole&RoleName=web", "DeleteConflict 409"),
        ("GetInstanceProfile&InstanceProfileName=nobody", "NoSuchEntity 404"),
    ] {
        assert_eq!(iam(&local, form), outcome, "{form}");
    }
    let profile = told(&local, "GetInstanceProfile&InstanceProfileName=web");
    let arns = ["arn:aws:iam::123456789012:role/app/web", "arn:aws:iam::123456789012:instance-profile/web"];
    assert!(arns.iter().all(|arn| fields(&profile, "Arn").contains(arn)), "{profile}");
    assert!(field(&profile, "AssumeRolePolicyDocument").is_some_and(|text| text.contains("s3%3AGet%20*")));
    assert_eq!(
        fields(&told(&local, "ListInstanceProfilesForRole&RoleName=web"), "InstanceProfileName"),
        ["web"]
    );
    for (form, outcome) in [
        ("RemoveRoleFromInstanceProfile&InstanceProfileName=web&RoleName=web", "200"),
        ("RemoveRoleFromInstanceProfile&InstanceProfileName=web&RoleName=web", "NoSuchEntity 404"),
        ("DeleteInstanceProfile&InstanceProfileName=web", "200"),
        ("DeleteRole&RoleName=web", "200"),
        ("GetRole&RoleName=web", "NoSuchEntity 404"),
    ] {
        assert_eq!(iam(&local, form), outcome, "{form}");
    }
}

#[test]
fn a_role_has_policies_of_its_own_and_shared_ones() {
    let local = fast();
    told(&local, &format!("CreateRole&RoleName=web&AssumeRolePolicyDocument={POLICY}"));
    let shared = told(&local, &format!("CreatePolicy&PolicyName=read&PolicyDocument={POLICY}"));
    let arn = field(&shared, "Arn").expect("an ARN").to_owned();
    let managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
    let own = format!("PutRolePolicy&RoleName=web&PolicyName=own&PolicyDocument={POLICY}");
    let attach = |arn: &str| format!("AttachRolePolicy&RoleName=web&PolicyArn={arn}");
    let delete = format!("DeletePolicy&PolicyArn={arn}");
    for (form, outcome) in [
        (own.as_str(), "200"),
        (&attach(&arn), "200"),
        (&attach(managed), "200"),
        (&attach("arn:aws:iam::123456789012:policy/nobody"), "NoSuchEntity 404"),
        (&delete, "DeleteConflict 409"),
        ("DeleteRole&RoleName=web", "DeleteConflict 409"),
    ] {
        assert_eq!(iam(&local, form), outcome, "{form}");
    }
    assert_eq!(fields(&told(&local, "ListRolePolicies&RoleName=web"), "member"), ["own"]);
    let attached = told(&local, "ListAttachedRolePolicies&RoleName=web");
    assert_eq!(fields(&attached, "PolicyName"), ["read", "AmazonSSMManagedInstanceCore"]);
    let version = told(&local, &format!("GetPolicyVersion&PolicyArn={arn}&VersionId=v1"));
    assert!(field(&version, "Document").is_some_and(|text| text.starts_with("%7B%22Version")));
    for (form, outcome) in [
        (format!("DetachRolePolicy&RoleName=web&PolicyArn={arn}"), "200"),
        (format!("DetachRolePolicy&RoleName=web&PolicyArn={managed}"), "200"),
        ("DeleteRolePolicy&RoleName=web&PolicyName=own".to_owned(), "200"),
        ("DeleteRolePolicy&RoleName=web&PolicyName=own".to_owned(), "NoSuchEntity 404"),
        (delete, "200"),
        ("DeleteRole&RoleName=web".to_owned(), "200"),
    ] {
        assert_eq!(iam(&local, &form), outcome, "{form}");
    }
}

#[test]
fn services_have_roles_made_for_them_once() {
    let local = fast();
    let create = "CreateServiceLinkedRole&AWSServiceName=autoscaling.amazonaws.com";
    let role = told(&local, create);
    let arn = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling";
    assert_eq!(field(&role, "Arn"), Some(arn));
    assert_eq!(iam(&local, create), "InvalidInput 400");
}

const RUN: &str = "Action=RunInstances&ImageId=ami-22de994a&InstanceType=t1.micro&MinCount=1&MaxCount=1";

fn run(local: &LocalAws, seconds: u64, profile: &str) -> String {
    outcome(&call(local, at(seconds), "ec2", &format!("{RUN}&IamInstanceProfile.{profile}")))
}

fn configure(local: &LocalAws, seconds: u64, name: &str) -> String {
    let form = format!(
        "Action=CreateLaunchConfiguration&LaunchConfigurationName={name}{seconds}&ImageId=ami-22de994a&InstanceType=t1.micro&IamInstanceProfile={name}"
    );
    let (status, body) = call(local, at(seconds), "autoscaling", &form);
    field(&body, "Message").map(str::to_owned).unwrap_or_else(|| status.to_string())
}

#[test]
fn launches_learn_of_a_profile_some_seconds_later_and_in_every_region() {
    let local = LocalAws::new(Options { seed: 7, timing: TimeModel::aws_like() });
    assert_eq!(run(&local, 0, "Name=made-up"), "200", "an account without profiles is not looked at");
    told(&local, "CreateInstanceProfile&InstanceProfileName=web&Path=/app/");
    assert_eq!(
        (run(&local, 1, "Name=web"), configure(&local, 1, "web")),
        ("InvalidParameterValue 400".into(), "Invalid IamInstanceProfile: web".into())
    );
    assert_eq!((run(&local, 15, "Name=web"), configure(&local, 15, "web")), ("200".into(), "200".into()));
    let arn = |path: &str| format!("Arn=arn:aws:iam::123456789012:instance-profile{path}/web");
    assert_eq!(
        (run(&local, 16, &arn("/app")), run(&local, 16, &arn(""))),
        ("200".into(), "InvalidParameterValue 400".into())
    );
    assert_eq!(run(&local, 16, "Name=made-up"), "InvalidParameterValue 400");
    let elsewhere = |seconds| {
        local.with_model("123456789012", "eu-west-1", at(seconds), |model| {
            ["web", "made-up"].map(|name| model.iam.knows(name, model.now))
        })
    };
    assert_eq!(elsewhere(17), [true, false]);
    told(&local, "DeleteInstanceProfile&InstanceProfileName=web");
    assert_eq!(
        (run(&local, 18, "Name=web"), elsewhere(18)),
        ("InvalidParameterValue 400".into(), [false, false])
    );
    let strangers =
        local.with_model("210987654321", "us-east-1", at(18), |model| model.iam.knows("web", model.now));
    assert!(strangers, "another account has its own");
}
