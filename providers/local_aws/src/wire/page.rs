//! Pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Cuts one page out of `items`: at most `size`, starting where `token` says. Gives the page and the token of
/// the next.
///
/// # Errors
/// The token itself, if it is not one of ours; each service has its own code for that.
pub fn paginate<T>(
    items: Vec<T>,
    size: Option<usize>,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), String> {
    let start = match token {
        Some(token) => offset(token).ok_or_else(|| token.to_owned())?,
        None => 0,
    };
    let total = items.len();
    let size = size.unwrap_or(total).max(1);
    let page: Vec<T> = items.into_iter().skip(start).take(size).collect();
    let end = start.saturating_add(page.len());
    let next = (end < total).then(|| URL_SAFE_NO_PAD.encode(format!("page:{end}")));
    Ok((page, next))
}

fn offset(token: &str) -> Option<usize> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    text.strip_prefix("page:")?.parse().ok()
}
