//! What is worth knowing, though nothing is wrong: `W02xx` and later.

use super::Explanation;

explanations! {
    ANY_READ "W0301" "reading from any":
        "Of what `jsondecode` and `yamldecode` give, and of variables of type `any`, nothing is known before the value \
         is: a slip in a name is found when a plan is made, not by `infra validate`. `convert(value, type)` says what \
         is expected, once, and everything read from it is checked; `try` says what to do if it is not there.",
        "locals {\n  package = jsondecode(\"{\\\"name\\\": \\\"shop\\\"}\")\n  name    = local.package.name\n}" =>
        "locals {\n  package = convert(jsondecode(\"{\\\"name\\\": \\\"shop\\\"}\"), object({ name = string }))\n  name    = local.package.name\n}";
}
