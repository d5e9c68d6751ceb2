//! Names, types, phases, secrets, null and values: `E02xx` to `E07xx`.

use super::Explanation;

explanations! {
    UNKNOWN_KIND "E0201" "unknown block":
        "A block starts with a kind, such as `elb`, or one of the language's own words, such as `variable`. \
         Kinds have no vendor prefix.",
        "vcp \"main\" { cidr_block = \"10.0.0.0/16\" }"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }";
    UNKNOWN_ATTRIBUTE "E0202" "unknown attribute":
        "Each kind takes certain attributes and nested blocks and no others, so that a slip of the finger is found \
         before anything runs. Observed attributes, such as `dns_name`, can be read but not written.",
        "vpc \"main\" { cidr = \"10.0.0.0/16\" }"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }";
    UNKNOWN_NAME "E0203" "unknown name":
        "A reference starts with `var`, `local`, `module`, `data`, `each`, `self`, `project`, `path`, a kind, or a \
         name bound by `for` or a function's parameter, and what it names must be declared in the same module.",
        "locals { zone = \"us-east-1a\" }\noutput \"zone\" { value = local.zome }"
        => "locals { zone = \"us-east-1a\" }\noutput \"zone\" { value = local.zone }";
    UNKNOWN_FUNCTION "E0204" "unknown function":
        "The name in front of the parenthesis is no builtin function and no `function` block of this module.",
        "locals { name = uppercase(\"a\") }"
        => "locals { name = upper(\"a\") }";
    DUPLICATE "E0205" "declared twice":
        "A name is declared once per module, in whichever of its files.",
        "locals { size = 1 }\nlocals { size = 2 }"
        => "locals { size = 2 }";
    MISSING "E0206" "missing attribute":
        "The kind cannot exist without this attribute.",
        "vpc \"main\" {}"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }";
    LABELS "E0207" "wrong labels":
        "Objects, variables, outputs, modules and functions have one label, `data` has two (the kind and the name), \
         `locals` and `types` have none. A label is an identifier.",
        "vpc { cidr_block = \"10.0.0.0/16\" }"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }";
    BOTH_FORMS "E0208" "block and attribute":
        "A nested block is an attribute: `ingress { … }` written twice is `ingress = [{ … }, { … }]`. Use one form.",
        "security_group \"web\" {\n  ingress { from_port = 80 }\n  ingress = [{ from_port = 22 }]\n}"
        => "security_group \"web\" {\n  ingress { from_port = 80 }\n  ingress { from_port = 22 }\n}";
    CYCLE "E0209" "references in a ring":
        "Each of these needs the next one first, so there is no order in which they could be made.",
        "locals {\n  a = local.b\n  b = local.a\n}"
        => "locals {\n  a = 1\n  b = local.a\n}";
    HABIT "E0210" "written as in Terraform":
        "The language is close to Terraform's, with one way for each need. The message shows how it is spelt here.",
        "resource \"aws_vpc\" \"main\" { cidr_block = \"10.0.0.0/16\" }"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }";
    PROJECT "E0212" "project block":
        "The root module has exactly one `project` block, with a `region`; other modules have none.",
        "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }"
        => "project \"shop\" { region = \"us-east-1\" }\nvpc \"main\" { cidr_block = \"10.0.0.0/16\" }";
    MODULE_SOURCE "E0213" "module not found":
        "The `source` of a module is a directory, `\"./x\"`, relative to the directory it is written in.",
        "module \"network\" { source = \"network\" }"
        => "module \"network\" { source = \"./network\" }";
    META "E0214" "meta-argument":
        "`for_each` and `when` exclude each other; `each` exists under `for_each` only, `self` in conditions of \
         `lifecycle` only.",
        "vpc \"main\" {\n  for_each   = { a = \"10.0.0.0/16\", b = \"10.1.0.0/16\" }\n  when       = true\n  cidr_block = each.value\n}"
        => "vpc \"main\" {\n  for_each   = { a = \"10.0.0.0/16\", b = \"10.1.0.0/16\" }\n  cidr_block = each.value\n}";
    LIBRARY "E0215" "not a library":
        "A library has no instance, so its directory holds `types`, `function`, `locals` and `library` only. What has \
         variables or objects is called with `module`.",
        "library \"net\" { source = \"./net\" }\n\n#: file net/main.infra\noutput \"zone\" { value = \"a\" }"
        => "library \"net\" { source = \"./net\" }\n\n#: file net/main.infra\nlocals { zone = \"a\" }";
    VERSION "E0216" "another version of infra is required":
        "`required_version` says which versions of the tool the project works with: `=`, `!=`, `>`, `>=`, `<`, `<=`, \
         and `~>`, which lets the last number written grow; all of them, separated by commas, must hold.",
        "project \"shop\" {\n  region           = \"us-east-1\"\n  required_version = \"latest\"\n}"
        => "project \"shop\" {\n  region           = \"us-east-1\"\n  required_version = \">= 0.1, < 2\"\n}";
    PURE "E0217" "a function that sees more than it is handed":
        "A function is pure: its result follows from its parameters, `local`, files and other functions. Everything \
         else is handed in as a parameter.",
        "variable \"suffix\" { default = \"x\" }\nfunction \"named\" {\n  params = { name = string }\n  result = \"${name}-${var.suffix}\"\n}"
        => "function \"named\" {\n  params = { name = string, suffix = string }\n  result = \"${name}-${suffix}\"\n}";

    TYPE "E0301" "wrong type":
        "The value given is not one that may stand here. Numbers and booleans become strings by themselves, whole \
         objects become their ids; a string becomes a number only as a literal or by `tonumber`.",
        "variable \"size\" {\n  type    = int\n  default = \"two\"\n}"
        => "variable \"size\" {\n  type    = int\n  default = 2\n}";
    RULE "E0302" "attributes exclude or need each other":
        "Some attributes exclude each other, and of some exactly one must be written.",
        "autoscaling_group \"web\" {\n  launch   = \"lt-0123456789abcdef0\"\n  min_size = 1\n  max_size = 2\n}"
        => "autoscaling_group \"web\" {\n  launch             = \"lt-0123456789abcdef0\"\n  min_size           = 1\n  max_size           = 2\n  availability_zones = [\"us-east-1a\"]\n}";
    CLASH "E0303" "no common type":
        "The two sides of a conditional, the elements of a list and the values of a map need a common type.",
        "variable \"public\" { default = true }\nlocals { port = var.public ? 80 : { number = 8080 } }"
        => "variable \"public\" { default = true }\nlocals { port = var.public ? 80 : 8080 }";
    TYPE_EXPRESSION "E0304" "not a type":
        "Types are `bool string number int duration size percent any`, `list(T) set(T) map(T) tuple([T])`, \
         `object({ name = T })`, `enum(\"a\")`, `nullable(T) sensitive(T) one_of(T, U)`, `id(KIND)`, a kind, a name \
         from `types` or one of the prelude, such as `cidr4`.",
        "variable \"ports\" {\n  type    = list(integer)\n  default = []\n}"
        => "variable \"ports\" {\n  type    = list(int)\n  default = []\n}";
    ARGUMENTS "E0305" "wrong arguments":
        "The function takes other arguments; its signature is shown.",
        "locals { name = upper() }"
        => "locals { name = upper(\"web\") }";
    WHOLE "E0306" "a whole object in text":
        "An object is not a string. Say which attribute is meant.",
        "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\noutput \"path\" { value = \"vpc/${vpc.main}\" }"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\noutput \"path\" { value = \"vpc/${vpc.main.id}\" }";
    OPERAND "E0307" "wrong operand":
        "Numbers calculate with numbers, quantities with quantities of the same kind; `&&`, `||` and `!` take booleans.",
        "locals { total = 5m + 1GiB }"
        => "locals { total = 5m + 30s }";

    SHAPE "E0401" "not known at plan":
        "Which instances exist must be known when the plan is made, whatever the state is: the keys of `for_each`, and \
         `when`. So must the paths of files, time limits, what enters an image's digest and how a group is swapped. \
         What AWS assigns is known only after apply, and so is what a lookup tells that asks by it or has \
         `depends_on`. The message shows the way: \"`vpc.main.id` is assigned by AWS ← `local.ids`\" says that the \
         local holds the id. Use a key of your own, and the object as its value.",
        "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\ninternet_gateway \"main\" {\n  for_each = toset([vpc.main.id])\n  vpc_id   = each.value\n}"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\ninternet_gateway \"main\" {\n  for_each = { main = vpc.main }\n  vpc_id   = each.value\n}";
    SETTING "E0402" "not known from the configuration":
        "Settings of the project and of life cycles, addresses in `moved`, `removed` and `import`, and validations are \
         read before anything else, so they hold literals, variables, files and functions of these. What a lookup \
         tells, `plantimestamp()` and an account that is not written are known at plan, and not before.",
        "project \"shop\" {\n  region = \"us-east-1\"\n  tags   = { network = data.vpc.main.id }\n}\ndata \"vpc\" \"main\" { default = true }"
        => "project \"shop\" {\n  region = \"us-east-1\"\n  tags   = { network = var.network }\n}\nvariable \"network\" { default = \"main\" }";

    SECRET "E0501" "a secret in the open":
        "Keys, names, tags and messages are shown and stored in the open, and so are outputs that are not marked \
         `sensitive = true`. `nonsensitive(x)` removes the label where that is right.",
        "variable \"password\" {\n  default   = \"hunter2\"\n  sensitive = true\n}\noutput \"password\" { value = var.password }"
        => "variable \"password\" {\n  default   = \"hunter2\"\n  sensitive = true\n}\noutput \"password\" {\n  value     = var.password\n  sensitive = true\n}";

    EPHEMERAL "E0502" "an ephemeral value that would be kept":
        "Of an `ephemeral` variable neither state nor plans keep anything, so it goes into the `env` of an image's steps \
         and into ephemeral variables of modules, and nowhere else. `nonsensitive` does not change that.",
        "variable \"token\" {\n  type      = string\n  ephemeral = true\n  default   = \"t\"\n}\noutput \"url\" {\n  value     = \"https://${var.token}@example.com\"\n  sensitive = true\n}"
        => "variable \"token\" {\n  type      = string\n  ephemeral = true\n  default   = \"t\"\n}\nami \"web\" {\n  base     = \"ami-0123456789abcdef0\"\n  ssh_user = \"admin\"\n  shell {\n    inline = [\"git clone https://$TOKEN@example.com\"]\n    env    = { TOKEN = var.token }\n  }\n}";

    NULL "E0601" "null":
        "Null is in no type but `nullable(T)`, optional fields without default and variables with `default = null`. \
         Test it before reading from it.",
        "variable \"disk\" {\n  type    = object({ size = size })\n  default = null\n}\nlocals { size = var.disk.size }"
        => "variable \"disk\" {\n  type    = object({ size = size })\n  default = null\n}\nlocals { size = var.disk != null ? var.disk.size : 8GiB }";

    FAILED "E0701" "an operation failed":
        "The values are known, and the function or operator cannot work with them.",
        "locals { share = 1 / 0 }"
        => "locals { share = 1 / 2 }";
    KEY "E0702" "no such element":
        "The list, map or object has no element of that key or position.",
        "locals { zone = { a = 1 }[\"b\"] }"
        => "locals { zone = { a = 1 }[\"a\"] }";
    CONDITION "E0703" "condition not met":
        "A `validation`, `precondition` or `assert` says no; its `error_message` tells why.",
        "variable \"size\" {\n  default = 0\n  validation {\n    condition     = var.size > 0\n    error_message = \"size must be positive.\"\n  }\n}"
        => "variable \"size\" {\n  default = 1\n  validation {\n    condition     = var.size > 0\n    error_message = \"size must be positive.\"\n  }\n}";
    VARIABLE "E0704" "variable":
        "A variable without `default` must be given: by `--var name=value`, a values file or the environment, and \
         only declared variables may be.",
        "variable \"environment\" { type = string }"
        => "variable \"environment\" {\n  type    = string\n  default = \"staging\"\n}";
    FILE "E0705" "file":
        "Files are read relative to the module, and never outside the project.",
        "locals { text = file(\"../secret\") }"
        => "locals { text = file(\"motd.txt\") }";
    NAME_LIMIT "E0706" "name too long":
        "AWS limits how long the name may be.",
        "elb \"web\" {\n  name               = \"a-name-of-more-than-thirty-two-characters\"\n  availability_zones = [\"us-east-1a\"]\n  listener           = [{ lb_port = 80, lb_protocol = \"tcp\", instance_port = 80 }]\n  health_check       = { target = \"TCP:80\" }\n}"
        => "elb \"web\" {\n  name               = \"a-short-name\"\n  availability_zones = [\"us-east-1a\"]\n  listener           = [{ lb_port = 80, lb_protocol = \"tcp\", instance_port = 80 }]\n  health_check       = { target = \"TCP:80\" }\n}";
    CONSTANT "E0707" "not a constant":
        "Values files and defaults in types hold literals only: no references and no functions.",
        "types { disk = object({ size = optional(size, local.size) }) }\nlocals { size = 8GiB }"
        => "types { disk = object({ size = optional(size, 8GiB) }) }";
    UNANSWERED "E0708" "not known without AWS":
        "A test or a prompt works without AWS: what only AWS can tell is unknown there. In a test, `answers` stand in \
         for it. (Tests stand in a file of their own, whose name ends in `.test.infra`.)",
        "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\ntest \"the network\" {\n  assert {\n    condition     = vpc.main.id == \"vpc-01234567\"\n    error_message = \"Another network.\"\n  }\n}"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\ntest \"the network\" {\n  answers = { vpc.main = { id = \"vpc-01234567\" } }\n  assert {\n    condition     = vpc.main.id == \"vpc-01234567\"\n    error_message = \"Another network.\"\n  }\n}";
    TEST "E0709" "a test that does not say what it wants":
        "A `test` holds `assert` blocks, or `expect_error` with the code of the error that its run must end in.",
        "test \"the network\" {}"
        => "vpc \"main\" { cidr_block = \"10.0.0.0/16\" }\ntest \"the network\" {\n  assert {\n    condition     = vpc.main.cidr_block == \"10.0.0.0/16\"\n    error_message = \"The network is of another size.\"\n  }\n}";
}
