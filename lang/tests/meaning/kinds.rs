//! A few kinds, near those of AWS, so that the language is tested without a provider.

use std::sync::LazyLock;

use infra_lang::name::AttributeName;
use infra_lang::schema::{
    AttributeSchema, BlockSchema, KindSchema, Naming, Presence, Rule, SchemaSet, StepSchema,
};
use infra_lang::types::Type;
use infra_lang::value::Value;

fn ty(text: &str) -> Type {
    Type::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn attribute(name: &str, ty: Type, presence: Presence) -> AttributeSchema {
    AttributeSchema {
        name: name.into(),
        doc: String::new(),
        ty,
        presence,
        immutable: false,
        sensitive: false,
        content: false,
        at_plan: false,
        block: None,
    }
}

fn required(name: &str, text: &str) -> AttributeSchema {
    attribute(name, ty(text), Presence::Required)
}

fn optional(name: &str, text: &str) -> AttributeSchema {
    attribute(name, ty(text), Presence::Optional)
}

fn observed(name: &str, text: &str) -> AttributeSchema {
    attribute(name, ty(text), Presence::Observed)
}

fn observed_if_unset(name: &str, text: &str) -> AttributeSchema {
    attribute(name, ty(text), Presence::ObservedIfUnset)
}

fn default(name: &str, text: &str, value: Value) -> AttributeSchema {
    attribute(name, ty(text), Presence::Default(value))
}

fn content(mut schema: AttributeSchema) -> AttributeSchema {
    schema.content = true;
    schema
}

fn at_plan(mut schema: AttributeSchema) -> AttributeSchema {
    schema.at_plan = true;
    schema
}

fn sensitive(mut schema: AttributeSchema) -> AttributeSchema {
    schema.sensitive = true;
    schema
}

fn names(names: &[&str]) -> Vec<AttributeName> {
    names.iter().map(AttributeName::new).collect()
}

fn block(name: &str, presence: Presence, key: &[&str], attributes: Vec<AttributeSchema>) -> AttributeSchema {
    let schema = BlockSchema { attributes, key: names(key), single: false, rules: Vec::new() };
    AttributeSchema { block: Some(schema), ..attribute(name, Type::Any, presence) }
}

fn single(name: &str, presence: Presence, attributes: Vec<AttributeSchema>) -> AttributeSchema {
    let schema = BlockSchema { attributes, key: Vec::new(), single: true, rules: Vec::new() };
    AttributeSchema { block: Some(schema), ..attribute(name, Type::Any, presence) }
}

fn step(name: &str, mut attributes: Vec<AttributeSchema>) -> StepSchema {
    attributes.push(default("timeout", "duration", Value::int(1800)));
    attributes.push(optional("env", "map(string)"));
    let attributes = attributes.into_iter().map(at_plan).collect();
    let block = BlockSchema { attributes, key: Vec::new(), single: false, rules: Vec::new() };
    StepSchema { name: name.into(), doc: String::new(), block }
}

fn kind(name: &str, id_pattern: &str, attributes: Vec<AttributeSchema>) -> KindSchema {
    let mut attributes = attributes;
    attributes.push(observed("id", &format!("id({name})")));
    KindSchema {
        name: name.into(),
        doc: String::new(),
        attributes,
        rules: Vec::new(),
        naming: Naming::None,
        tagged: true,
        handle: "id".into(),
        steps: Vec::new(),
        lookup: Vec::new(),
        lookup_only: false,
        id_pattern: id_pattern.to_owned(),
    }
}

fn prefixed(attribute: &str, prefix: &str, limit: usize) -> Naming {
    Naming::Prefixed { attribute: attribute.into(), prefix: prefix.into(), limit }
}

/// The kinds of the examples in the language's specification, with the attributes these use.
pub fn schemas() -> SchemaSet {
    static KINDS: LazyLock<SchemaSet> =
        LazyLock::new(|| SchemaSet::new(network().into_iter().chain(images()).chain(serving())));
    KINDS.clone()
}

fn network() -> Vec<KindSchema> {
    let rule = || {
        vec![
            required("from_port", "int(-1, 65535)"),
            optional("to_port", "int(-1, 65535)"),
            default("protocol", "string", Value::string("tcp")),
            optional("cidr_blocks", "list(cidr4)"),
            optional("security_groups", "list(id(security_group))"),
        ]
    };
    let route = vec![
        optional("cidr_block", "cidr4"),
        optional("gateway_id", "id(internet_gateway)"),
        optional("instance_id", "id(instance)"),
    ];
    let mut route = block("route", Presence::Optional, &["cidr_block"], route);
    if let Some(block) = &mut route.block {
        block.rules = vec![Rule::ExactlyOne(names(&["gateway_id", "instance_id"]))];
    }
    vec![
        KindSchema {
            lookup: vec![
                optional("id", "id(vpc)"),
                optional("default", "bool"),
                optional("tags", "map(string)"),
            ],
            ..kind(
                "vpc",
                "vpc-[0-9a-f]+",
                vec![
                    required("cidr_block", "cidr4"),
                    default("enable_dns_support", "bool", Value::Bool(true)),
                ],
            )
        },
        KindSchema {
            lookup: vec![optional("vpc_id", "id(vpc)")],
            lookup_only: true,
            ..kind("subnets", "", vec![observed("ids", "list(id(subnet))")])
        },
        kind("internet_gateway", "igw-[0-9a-f]+", vec![optional("vpc_id", "id(vpc)")]),
        kind(
            "subnet",
            "subnet-[0-9a-f]+",
            vec![
                required("vpc_id", "id(vpc)"),
                required("cidr_block", "cidr4"),
                observed_if_unset("availability_zone", "zone"),
                default("map_public_ip_on_launch", "bool", Value::Bool(false)),
            ],
        ),
        kind(
            "route_table",
            "rtb-[0-9a-f]+",
            vec![required("vpc_id", "id(vpc)"), optional("subnets", "set(id(subnet))"), route],
        ),
        KindSchema {
            naming: prefixed("name", "name_prefix", 255),
            lookup: vec![optional("name", "string")],
            ..kind(
                "security_group",
                "sg-[0-9a-f]+",
                vec![
                    observed_if_unset("vpc_id", "id(vpc)"),
                    block("ingress", Presence::Optional, &["protocol", "from_port"], rule()),
                    block("egress", Presence::Optional, &["protocol", "from_port"], rule()),
                ],
            )
        },
    ]
}

fn images() -> Vec<KindSchema> {
    let builder = vec![
        default("instance_type", "instance_type", Value::string("t3.small")),
        optional("subnet_id", "id(subnet)"),
        optional("security_groups", "set(id(security_group))"),
    ];
    let ami = kind(
        "ami",
        "ami-[0-9a-f]+",
        vec![
            required("base", "id(ami)"),
            observed_if_unset("ssh_user", "string"),
            default("keep", "int(1, null)", Value::int(3)),
            single("builder", Presence::Optional, builder),
            observed("digest", "string"),
        ],
    );
    let file = vec![
        optional("content", "string"),
        content(optional("source", "path")),
        required("destination", "path"),
        optional("ignore", "list(string)"),
    ];
    vec![KindSchema {
        naming: Naming::Fixed { attribute: "name".into(), limit: 128 },
        steps: vec![
            step("file", file),
            step(
                "template",
                vec![
                    content(required("source", "path")),
                    required("destination", "path"),
                    optional("vars", "map(any)"),
                    observed("rendered", "string"),
                ],
            ),
            step("shell", vec![content(optional("script", "path")), optional("inline", "list(string)")]),
            step(
                "chef_solo",
                vec![
                    content(required("cookbooks", "path")),
                    required("run_list", "list(string)"),
                    optional("attributes", "any"),
                ],
            ),
        ],
        ..ami
    }]
}

fn serving() -> Vec<KindSchema> {
    let core = || {
        vec![
            required("image_id", "id(ami)"),
            required("instance_type", "instance_type"),
            optional("security_groups", "set(id(security_group))"),
            optional("user_data", "string"),
            sensitive(optional("key_material", "string")),
            single(
                "root_block_device",
                Presence::Optional,
                vec![
                    optional("volume_size", "size(1GiB, 16TiB)"),
                    default("encrypted", "bool", Value::Bool(false)),
                ],
            ),
        ]
    };
    let swap = vec![
        default(
            "strategy",
            "enum(\"blue_green\", \"canary\", \"rolling\", \"none\")",
            Value::string("blue_green"),
        ),
        default("bake", "duration", Value::int(300)),
        optional("min_in_service", "percent(0%, 100%)"),
    ];
    let listener = vec![
        required("lb_port", "port"),
        required("lb_protocol", "enum(\"http\", \"https\", \"tcp\", \"ssl\")"),
        required("instance_port", "port"),
    ];
    let health_check = vec![
        required("target", "string(\"(HTTP|HTTPS):[0-9]+/.*|(TCP|SSL):[0-9]+\")"),
        default("interval", "duration(5s, 300s)", Value::int(10)),
    ];
    vec![
        KindSchema {
            naming: prefixed("name", "name_prefix", 255),
            tagged: false,
            ..kind("launch_configuration", "", core())
        },
        KindSchema {
            naming: prefixed("name", "name_prefix", 128),
            handle: "latest_version_id".into(),
            ..kind("launch_template", "lt-[0-9a-f]+(:[0-9]+)?", {
                let mut attributes = core();
                attributes.push(observed("latest_version_id", "id(launch_template)"));
                attributes
            })
        },
        KindSchema {
            tagged: false,
            naming: Naming::Fixed { attribute: "name".into(), limit: 255 },
            ..kind(
                "scaling_policy",
                "arn:.+",
                vec![
                    required("autoscaling_group_name", "id(autoscaling_group)"),
                    optional("cooldown", "duration"),
                ],
            )
        },
        kind(
            "instance",
            "i-[0-9a-f]+",
            vec![required("launch", "id(launch_template)"), observed("public_ip", "ip")],
        ),
        KindSchema {
            naming: prefixed("name", "name_prefix", 255),
            rules: vec![
                Rule::ExactlyOne(names(&["vpc_zone_identifier", "availability_zones"])),
                Rule::NotAbove("min_size".into(), "max_size".into()),
            ],
            ..kind(
                "autoscaling_group",
                "",
                vec![
                    required("launch", "one_of(id(launch_configuration), id(launch_template))"),
                    required("min_size", "int(0, null)"),
                    required("max_size", "int(0, null)"),
                    optional("vpc_zone_identifier", "list(id(subnet))"),
                    optional("availability_zones", "list(zone)"),
                    optional("load_balancers", "set(id(elb))"),
                    default("health_check_grace_period", "duration", Value::int(300)),
                    at_plan(single("swap", Presence::Optional, swap)),
                ],
            )
        },
        KindSchema {
            naming: prefixed("name", "name_prefix", 32),
            rules: vec![Rule::ExactlyOne(names(&["subnets", "availability_zones"]))],
            ..kind(
                "elb",
                "",
                vec![
                    optional("subnets", "list(id(subnet))"),
                    optional("availability_zones", "list(zone)"),
                    observed_if_unset("security_groups", "set(id(security_group))"),
                    block("listener", Presence::Required, &["lb_port"], listener),
                    single("health_check", Presence::Required, health_check),
                    default("idle_timeout", "duration(1s, 4000s)", Value::int(60)),
                    observed("dns_name", "hostname"),
                ],
            )
        },
        KindSchema {
            lookup: vec![optional("name", "string")],
            ..kind("route53_zone", "Z[A-Z0-9]+", vec![required("name", "string")])
        },
        KindSchema {
            tagged: false,
            rules: vec![Rule::ExactlyOne(names(&["records", "alias"]))],
            ..kind(
                "route53_record",
                "",
                vec![
                    required("zone_id", "id(route53_zone)"),
                    required("name", "string"),
                    required("type", "string"),
                    optional("records", "set(string)"),
                    single("alias", Presence::Optional, vec![required("target", "id(elb)")]),
                ],
            )
        },
    ]
}
