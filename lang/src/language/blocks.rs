//! The blocks.

use super::BlockPage;

/// All blocks of the language, in the order in which one meets them.
pub fn blocks() -> &'static [BlockPage] {
    BLOCKS
}

const FOR_EACH: (&str, &str, &str) = (
    "for_each",
    "map or set(string)",
    "One instance for each key, seen as `each.key` and `each.value`. The keys must be known at plan.",
);
const WHEN: (&str, &str, &str) = ("when", "bool", "Whether there is one at all; not with `for_each`.");
const DEPENDS_ON: (&str, &str, &str) =
    ("depends_on", "[references]", "What must be there first, though nothing is read from it.");

const BLOCKS: &[BlockPage] = &[
    BlockPage {
        name: "project",
        header: "project \"NAME\"",
        doc: "The settings of a project, in its root module, once. One project is one region of one account; its name begins \
              the names of what it makes.",
        attributes: &[
            ("region", "region, required", "Where everything is made."),
            (
                "account",
                "account_id",
                "Checked against the credentials before the first call, if it is given.",
            ),
            ("tags", "map(string)", "They go on whatever has tags."),
            (
                "required_version",
                "string",
                "Which versions of the tool may be used, such as `\">= 0.3, < 1.0\"`.",
            ),
            (
                "backend",
                "block \"local\" { path } or \"s3\" { bucket key region kms_key_id }",
                "Where the state is kept; by default in the file `infra.state`.",
            ),
        ],
        example: "project \"shop\" {\n  region = \"us-east-1\"\n  tags   = { app = \"shop\" }\n  backend \"local\" { path = \"shop.state\" }\n}",
    },
    BlockPage {
        name: "variable",
        header: "variable \"NAME\"",
        doc: "An input of a module, read as `var.NAME`. In the root it is given by `--var`, a values file or the environment, in \
              other modules by the caller.",
        attributes: &[
            ("type", "a type", "What it may be; without it, what the default is."),
            ("default", "a value", "What it is if nobody gives it; without one it must be given."),
            ("description", "string", "What it is for."),
            ("sensitive", "bool", "Whether it is a secret: shown nowhere, kept as a keyed hash."),
            ("ephemeral", "bool", "Whether not even a hash of it is kept; only steps' `env` may read it."),
            ("validation", "block { condition error_message }", "What must hold of it; may be repeated."),
        ],
        example: "variable \"size\" {\n  type        = int(1, 20)\n  default     = 2\n  description = \"How many machines serve.\"\n  validation {\n    condition     = var.size % 2 == 0\n    error_message = \"The machines come in pairs.\"\n  }\n}",
    },
    BlockPage {
        name: "locals",
        header: "locals",
        doc: "Named expressions of a module, read as `local.NAME`. There may be several such blocks.",
        attributes: &[("NAME", "any expression", "What it stands for.")],
        example: "locals {\n  zones = [\"us-east-1a\", \"us-east-1b\"]\n  count = length(local.zones)\n}",
    },
    BlockPage {
        name: "types",
        header: "types",
        doc: "Named types of a module, used wherever a type is wanted. They may refer to each other, not to themselves.",
        attributes: &[("NAME", "a type", "What it stands for.")],
        example: "types {\n  recipe = string(\"^recipe\\\\[.+\\\\]$\")\n  node   = object({ size = int(1, 100), run_list = list(recipe) })\n}",
    },
    BlockPage {
        name: "function",
        header: "function \"NAME\"",
        doc: "A pure function of a module, called `NAME(…)`. It sees its parameters and `local`, and does not call itself.",
        attributes: &[
            ("params", "{ name = T }", "The parameters with their types, in order."),
            ("result", "any expression", "What it gives."),
            ("description", "string", "What it does."),
        ],
        example: "function \"greeting\" {\n  params = { name = string }\n  result = \"Hello ${title(name)}\"\n}\n\noutput \"text\" { value = greeting(\"world\") }",
    },
    BlockPage {
        name: "output",
        header: "output \"NAME\"",
        doc: "A result of a module: shown after an apply, and read by callers as `module.x.NAME`.",
        attributes: &[
            ("value", "any expression, required", "What it is."),
            ("type", "a type", "What it must be."),
            ("description", "string", "What it is for."),
            ("sensitive", "bool", "Must be true if the value is a secret."),
            ("precondition", "block { condition error_message }", "What must hold; may be repeated."),
        ],
        example: "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\n\noutput \"network\" {\n  value       = vpc.main.id\n  description = \"The network's id.\"\n}",
    },
    BlockPage {
        name: "module",
        header: "module \"NAME\"",
        doc: "An instance of a module: a directory, `\"./x\"`, or one of the standard library, `\"std/x\"`. Its variables are the \
              block's arguments; its outputs are read as `module.NAME.out`.",
        attributes: &[
            ("source", "string, required", "Which module."),
            ("VARIABLE", "as the variable's type", "A value for each variable of the module."),
            FOR_EACH,
            WHEN,
            DEPENDS_ON,
        ],
        example: "module \"network\" { source = \"./network\" }\n\noutput \"network\" { value = module.network.id }",
    },
    BlockPage {
        name: "library",
        header: "library \"NAME\"",
        doc: "The types and functions of a module, without an instance of it: `NAME.T`, `NAME::f()`.",
        attributes: &[("source", "string, required", "Which module.")],
        example: "library \"names\" { source = \"./names\" }\n\noutput \"greeting\" { value = names::greeting(\"world\") }",
    },
    BlockPage {
        name: "data",
        header: "data \"KIND\" \"NAME\"",
        doc: "Something that exists and is not ours, looked up at plan, read as `data.KIND.NAME`. Exactly one must match. What it may \
              be asked by stands on the kind's page.",
        attributes: &[FOR_EACH, WHEN, DEPENDS_ON],
        example: "data \"vpc\" \"default\" { default = true }\n\noutput \"network\" { value = data.vpc.default.cidr_block }",
    },
    BlockPage {
        name: "import",
        header: "import",
        doc: "Takes something that exists into the state, as the object that a block describes, and then changes it in place \
              where it differs.",
        attributes: &[
            ("to", "an address", "The object it becomes."),
            ("id", "string", "Its id, known at plan."),
            FOR_EACH,
        ],
        example: "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\n\nimport {\n  to = vpc.main\n  id = \"vpc-01234567\"\n}",
    },
    BlockPage {
        name: "moved",
        header: "moved",
        doc: "Says that an object has a new address, so that it is renamed in the state and not made anew.",
        attributes: &[("from", "an address", "What it was."), ("to", "an address", "What it is."), FOR_EACH],
        example: "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\n\nmoved {\n  from = vpc.old\n  to   = vpc.main\n}",
    },
    BlockPage {
        name: "removed",
        header: "removed",
        doc: "Says that an object's block is gone on purpose, and whether the object goes, too.",
        attributes: &[
            ("from", "an address", "What it was."),
            ("lifecycle", "block { destroy }", "`destroy = false` forgets the object and leaves it in AWS."),
            FOR_EACH,
        ],
        example: "removed {\n  from = vpc.old\n  lifecycle { destroy = false }\n}",
    },
    BlockPage {
        name: "check",
        header: "check \"TEXT\"",
        doc: "A standing assertion: it warns at plan, and fails with `--strict`.",
        attributes: &[("assert", "block { condition error_message }", "What should hold; may be repeated.")],
        example: "locals { zones = [\"us-east-1a\", \"us-east-1b\"] }\n\ncheck \"two zones\" {\n  assert {\n    condition     = length(local.zones) > 1\n    error_message = \"One zone is none.\"\n  }\n}",
    },
    BlockPage {
        name: "lifecycle",
        header: "lifecycle",
        doc: "In a block of a kind: how its objects may change.",
        attributes: &[
            (
                "prevent_destroy",
                "bool",
                "Refuses plans that would destroy it; kept in the state too, so that removing the block is refused as well.",
            ),
            ("ignore_changes", "[attributes]", "What others may change."),
            ("replace_triggered_by", "[references]", "A change of these replaces the object."),
            (
                "precondition",
                "block { condition error_message }",
                "What must hold before it is changed; may be repeated.",
            ),
            (
                "postcondition",
                "block { condition error_message }",
                "What must hold after it was changed, of `self`; may be repeated.",
            ),
        ],
        example: "vpc \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n  lifecycle { prevent_destroy = true }\n}",
    },
    BlockPage {
        name: "timeouts",
        header: "timeouts",
        doc: "In a block of a kind: how long its steps may take.",
        attributes: &[
            ("create", "duration", "Making one."),
            ("update", "duration", "Changing one."),
            ("delete", "duration", "Removing one."),
        ],
        example: "vpc \"main\" {\n  cidr_block = \"10.0.0.0/16\"\n  timeouts { delete = 20m }\n}",
    },
    BlockPage {
        name: "test",
        header: "test \"TEXT\"",
        doc: "In a file whose name ends in `.test.infra`: what a module makes of inputs, asserted without AWS by `infra test`.",
        attributes: &[
            ("variables", "{ name = value }", "The module's variables."),
            ("answers", "{ address = { attribute = value } }", "What AWS would tell."),
            ("assert", "block { condition error_message }", "What must hold; may be repeated."),
            (
                "expect_error",
                "string",
                "The code of the error that the run must end in, instead of assertions.",
            ),
            ("expect_message", "string", "Words that the message of that error must hold."),
        ],
        example: "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\n\ntest \"the network\" {\n  assert {\n    condition     = vpc.main.cidr_block == \"10.0.0.0/16\"\n    error_message = \"The network is of another size.\"\n  }\n}",
    },
];
