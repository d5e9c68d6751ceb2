//! What `infra explain` shows as an example is really refused for that reason.

use infra_lang::explain::explanations;

use crate::case::Case;

#[test]
fn examples_have_the_problem_they_explain() {
    for explanation in
        explanations().filter(|explanation| explanation.code.0 > "E02" && explanation.code.0 < "F")
    {
        let own = explanation.example.contains("project \"") || explanation.title == "project block";
        let project = if own { "" } else { "project \"shop\" { region = \"us-east-1\" }\n" };
        let text = format!("{project}{}\n", explanation.example);
        let found = match text.split_once("\ntest ") {
            Some((program, test)) => {
                Case::read(&format!("{program}\n#: file main.test.infra\ntest {test}")).tested()
            }
            None => Case::read(&text).evaluated(),
        };
        let codes: Vec<&str> = found.lines().filter_map(|line| line.split(' ').next()).collect();
        assert!(
            codes.contains(&explanation.code.0),
            "{}: {}\n{found}",
            explanation.code,
            explanation.example
        );
    }
}
