//! Lists that come in pages.

use crate::wire::{ApiError, Node, Params, paginate};

/// The answer of a Describe: one page of `things` under `name`, and `nextToken` if there are more.
///
/// # Errors
/// `InvalidParameterValue` for a page size outside 5 to 1000, or a token that is not ours.
pub fn page<T>(
    params: &Params,
    name: &'static str,
    things: Vec<T>,
    node: impl Fn(&T) -> Node,
) -> Result<Node, ApiError> {
    let (things, next) = cut(params, things)?;
    Ok(Node::body().items(name, things.iter().map(node)).maybe("nextToken", next))
}

/// One page of `things`, by `MaxResults` and `NextToken`.
///
/// # Errors
/// As for [`page`].
pub fn cut<T>(params: &Params, things: Vec<T>) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = match params.int("MaxResults")? {
        None => None,
        Some(size @ 1..=1000) => usize::try_from(size).ok(),
        Some(size) => {
            let reason = format!(
                "Value ( {size} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000."
            );
            return Err(ApiError::new("InvalidParameterValue", reason));
        }
    };
    let token = params.text("NextToken").filter(|token| !token.is_empty());
    paginate(things, size, token)
        .map_err(|token| ApiError::new("InvalidNextToken", format!("The token '{token}' is not valid")))
}
