//! The state and what is said of it: `E08xx`.

use super::Explanation;

explanations! {
    STILL_DECLARED "E0801" "still declared":
        "What a `moved` or `removed` block leaves behind is no longer in the configuration: the block is renamed or \
         deleted, or its `for_each` no longer has the key.",
        "vpc \"old\" { cidr_block = \"10.0.0.0/16\" }\nremoved { from = vpc.old }"
        => "vpc \"new\" { cidr_block = \"10.0.0.0/16\" }\nremoved { from = vpc.old }";
    NO_ADDRESS "E0802" "nothing is made at this address":
        "What is moved or imported is declared at its new address, and its `for_each` has the key.",
        "moved {\n  from = vpc.old\n  to   = vpc.new\n}"
        => "vpc \"new\" { cidr_block = \"10.0.0.0/16\" }\nmoved {\n  from = vpc.old\n  to   = vpc.new\n}";
    MOVE "E0803" "not to be moved so":
        "An object moves to the address of an object of its kind, a module to a module's, and each address is named \
         once. Moves may be chained: from `a` to `b`, and from `b` to `c`.",
        "vpc \"new\" { cidr_block = \"10.0.0.0/16\" }\nmoved {\n  from = subnet.old\n  to   = vpc.new\n}"
        => "vpc \"new\" { cidr_block = \"10.0.0.0/16\" }\nmoved {\n  from = vpc.old\n  to   = vpc.new\n}";
    ADDRESS "E0804" "not an address":
        "`from` and `to` are addresses of objects or modules, without attributes: `elb.web`, `subnet.public[\"a\"]`, \
         `module.net`. What is only looked up has no place in the state.",
        "removed { from = vpc.old.id }"
        => "removed { from = vpc.old }";
}
