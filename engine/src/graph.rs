//! What depends on what. The one file that names petgraph.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use infra_lang::desired::Desired;
use petgraph::Direction;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::id::StepId;
use crate::links;
use crate::plan::Plan;

/// A graph whose edges lead from a node to those it depends on.
#[derive(Debug, Clone)]
pub struct DependencyGraph<N> {
    graph: DiGraph<N, ()>,
    at: BTreeMap<N, NodeIndex>,
}

/// Nodes that depend on one another in a ring: each on the next, the last on the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring<N>(pub Vec<N>);

impl<N: Display> Display for Ring<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let closed = self.0.iter().chain(self.0.first());
        f.write_str(&closed.map(N::to_string).collect::<Vec<_>>().join(" -> "))
    }
}

impl<N: Ord + Clone> DependencyGraph<N> {
    /// The graph of these nodes with what each depends on; dependencies that are no nodes are left out.
    pub fn new(nodes: &BTreeMap<N, BTreeSet<N>>) -> Self {
        let mut graph = DiGraph::new();
        let at: BTreeMap<N, NodeIndex> =
            nodes.keys().map(|node| (node.clone(), graph.add_node(node.clone()))).collect();
        for (node, dependencies) in nodes {
            for dependency in dependencies.iter().filter_map(|dependency| at.get(dependency)) {
                graph.add_edge(at[node], *dependency, ());
            }
        }
        Self { graph, at }
    }

    /// The nodes, each after all it depends on; among those that may come next, the smallest comes first.
    pub fn order(&self) -> Result<Vec<N>, Ring<N>> {
        let mut missing: Vec<usize> =
            self.graph.node_indices().map(|at| self.graph.neighbors(at).count()).collect();
        let mut free: BTreeSet<&N> =
            self.at.iter().filter(|(_, at)| missing[at.index()] == 0).map(|(node, _)| node).collect();
        let mut order = Vec::with_capacity(self.at.len());
        while let Some(node) = free.pop_first() {
            order.push(node.clone());
            for dependent in self.graph.neighbors_directed(self.at[node], Direction::Incoming) {
                missing[dependent.index()] -= 1;
                if missing[dependent.index()] == 0 {
                    free.insert(&self.graph[dependent]);
                }
            }
        }
        if order.len() == self.at.len() { Ok(order) } else { Err(self.ring()) }
    }

    /// One ring of a graph that has one: a walk inside a strongly connected component, cut where it meets itself.
    fn ring(&self) -> Ring<N> {
        let in_ring = |component: &Vec<NodeIndex>| {
            component.len() > 1 || self.graph.contains_edge(component[0], component[0])
        };
        let components = tarjan_scc(&self.graph).into_iter().filter(in_ring);
        let component: BTreeSet<NodeIndex> = components.min().into_iter().flatten().collect();
        let mut walk: Vec<NodeIndex> = component.first().copied().into_iter().collect();
        while let Some(next) =
            walk.last().and_then(|at| self.graph.neighbors(*at).filter(|next| component.contains(next)).min())
        {
            if let Some(start) = walk.iter().position(|seen| *seen == next) {
                return Ring(walk[start..].iter().map(|at| self.graph[*at].clone()).collect());
            }
            walk.push(next);
        }
        Ring(Vec::new())
    }

    /// What a node depends on directly.
    pub fn dependencies(&self, node: &N) -> BTreeSet<&N> {
        self.beside(node, Direction::Outgoing)
    }

    /// What depends directly on a node.
    pub fn dependents(&self, node: &N) -> BTreeSet<&N> {
        self.beside(node, Direction::Incoming)
    }

    fn beside(&self, node: &N, direction: Direction) -> BTreeSet<&N> {
        let at = self.at.get(node).copied();
        at.into_iter()
            .flat_map(|at| self.graph.neighbors_directed(at, direction))
            .map(|at| &self.graph[at])
            .collect()
    }
}

impl<N: Display> DependencyGraph<N> {
    /// The graph in the DOT language, for `dot -Tsvg`.
    pub fn to_dot(&self) -> String {
        let name = |at: NodeIndex| serde_json::Value::from(self.graph[at].to_string());
        let nodes = self.graph.node_indices().map(|at| format!("    {}\n", name(at)));
        let edges = self.graph.edge_references();
        let edges = edges.map(|edge| format!("    {} -> {}\n", name(edge.source()), name(edge.target())));
        format!("digraph {{\n{}{}}}\n", nodes.collect::<String>(), edges.collect::<String>())
    }
}

/// What the configuration refers to, in the DOT language.
pub fn of_desired(desired: &Desired) -> String {
    DependencyGraph::new(&links::direct(desired)).to_dot()
}

/// The steps of a plan and what each waits for, in the DOT language.
pub fn of_steps(plan: &Plan) -> String {
    let name = |step: &StepId| {
        let it = &plan.steps.steps[step.0];
        format!("{} {}: {}", step.0, plan.changes[it.change.0].address, it.title)
    };
    let steps = plan.steps.after.iter().enumerate();
    let nodes = steps.map(|(at, after)| (name(&StepId(at)), after.iter().map(name).collect()));
    DependencyGraph::new(&nodes.collect()).to_dot()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(&'static str, &[&'static str])]) -> DependencyGraph<&'static str> {
        DependencyGraph::new(&edges.iter().map(|(node, on)| (*node, on.iter().copied().collect())).collect())
    }

    #[test]
    fn dependencies_come_first_and_ties_go_by_name() {
        let graph = graph(&[("a", &["d"]), ("b", &[]), ("c", &["b", "elsewhere"]), ("d", &["c"])]);
        assert_eq!(graph.order(), Ok(vec!["b", "c", "d", "a"]));
        assert_eq!(graph.dependents(&"c"), BTreeSet::from([&"d"]));
        assert_eq!(graph.dependencies(&"a"), BTreeSet::from([&"d"]));
    }

    #[test]
    fn a_ring_is_named_in_order() {
        let graph = graph(&[("a", &["b"]), ("b", &["c"]), ("c", &["d", "b"]), ("d", &["b"]), ("e", &["a"])]);
        let ring = graph.order().expect_err("there is a ring");
        assert_eq!(ring.to_string(), "b -> c -> b");
    }

    #[test]
    fn dot_names_nodes_and_edges() {
        insta::assert_snapshot!(graph(&[("a", &["b"]), ("b", &[])]).to_dot(), @r#"
        digraph {
            "a"
            "b"
            "a" -> "b"
        }
        "#);
    }
}
