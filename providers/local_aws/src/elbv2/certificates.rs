//! Certificates of listeners: the default one, and others that clients may ask for by name.

use crate::model::Model;
use crate::wire::{ApiError, Node, Params};

use super::{LISTENER, page};

/// The ARNs of a request.
pub fn read(params: &Params) -> Vec<String> {
    let sent = params.list("Certificates").into_iter();
    sent.filter_map(|certificate| certificate.text("CertificateArn")).map(str::to_owned).collect()
}

/// A list with another default. The old one is not kept (ModifyListener).
pub fn with_default(old: &[String], default: String) -> Vec<String> {
    let others = old.iter().skip(1).filter(|other| **other != default).cloned();
    std::iter::once(default.clone()).chain(others).collect()
}

pub fn add(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let listener = LISTENER.find_mut(&mut model.elbv2.listeners, params.required("ListenerArn")?)?;
    if listener.protocol != "HTTPS" {
        let message = "Certificates can be added to HTTPS listeners only";
        return Err(ApiError::new("UnsupportedProtocol", message));
    }
    let added = read(params);
    for arn in &added {
        if !listener.certificates.contains(arn) {
            listener.certificates.push(arn.clone());
        }
    }
    Ok(Node::body().members("Certificates", added.iter().map(|arn| node(arn))))
}

pub fn remove(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let listener = LISTENER.find_mut(&mut model.elbv2.listeners, params.required("ListenerArn")?)?;
    let gone = read(params);
    if listener.certificates.first().is_some_and(|default| gone.contains(default)) {
        let message = "The default certificate of a listener cannot be removed";
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    listener.certificates.retain(|arn| !gone.contains(arn));
    Ok(Node::body())
}

pub fn describe(model: &mut Model, params: &Params) -> Result<Node, ApiError> {
    let listener = LISTENER.find(&model.elbv2.listeners, params.required("ListenerArn")?)?;
    let told = listener.certificates.iter().enumerate();
    let told = told.map(|(place, arn)| node(arn).field("IsDefault", place == 0)).collect();
    page(params, "Certificates", told)
}

/// How answers show one.
pub fn node(arn: &str) -> Node {
    Node::body().field("CertificateArn", arn)
}
