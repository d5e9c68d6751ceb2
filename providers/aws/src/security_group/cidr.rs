//! CIDR blocks as AWS stores them: without the bits behind the prefix, IPv6 in its short form.

use std::net::IpAddr;

/// The canonical form; text that is no CIDR block stays as it is.
pub(super) fn canonical(text: &str) -> String {
    parsed(text).unwrap_or_else(|| text.to_owned())
}

fn parsed(text: &str) -> Option<String> {
    let (address, length) = text.split_once('/')?;
    let (address, length) = (address.parse::<IpAddr>().ok()?, length.parse::<u32>().ok()?);
    let network = match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32u32.checked_sub(length)?).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128u32.checked_sub(length)?).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    };
    Some(format!("{network}/{length}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_behind_the_prefix_do_not_count() {
        for (written, stored) in [
            ("10.0.0.5/24", "10.0.0.0/24"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("203.0.113.7/32", "203.0.113.7/32"),
            ("2001:DB8:0::1/32", "2001:db8::/32"),
            ("::/0", "::/0"),
            ("10.0.0.0/33", "10.0.0.0/33"),
            ("anywhere", "anywhere"),
        ] {
            assert_eq!(canonical(written), stored);
        }
    }
}
