//! IP networks in CIDR notation, of both versions.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{Arguments, Function, Returned, values};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    values(
        "cidrcontains",
        "(network: cidr, part: string) -> bool",
        "Whether an address or network lies in the network.",
        contains,
    ),
    values(
        "cidrhost",
        "(network: cidr, number: int) -> ip",
        "The address of a host number; a negative one counts from the end.",
        host,
    ),
    values(
        "cidrsubnet",
        "(network: cidr, newbits: int(0, 128), number: int(0, null)) -> cidr",
        "The subnet of that number, `newbits` longer than the network's prefix.",
        |a| {
            let base = network(a.text(0)?)?;
            Ok(Value::string(subnet(base, a.int(1)?, a.int(2)?)?.to_string()))
        },
    ),
    values(
        "cidrsubnets",
        "(network: cidr, ...newbits: int(1, 128)) -> list(cidr)",
        "Subnets one behind the other, each so many bits longer than the network's prefix.",
        subnets,
    ),
];

fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .map(|net| net.trunc())
        .map_err(|_| format!("\"{text}\" is not a network like \"10.0.0.0/16\""))
}

fn bits(net: &IpNet) -> u32 {
    u32::from(net.max_prefix_len())
}

fn to_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn to_address(number: u128, like: &IpNet) -> IpAddr {
    match like {
        // The number was kept within the network, so it fits.
        IpNet::V4(_) => IpAddr::V4(Ipv4Addr::from(number as u32)),
        IpNet::V6(_) => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// How many addresses `length` bits count, `None` for more than fit (all of IPv6).
fn size(length: u32) -> Option<u128> {
    1_u128.checked_shl(length)
}

fn contains(a: &Arguments) -> Returned {
    let net = network(a.text(0)?)?;
    let part = a.text(1)?;
    let inside = match (part.parse::<IpAddr>(), part.parse::<IpNet>()) {
        (Ok(address), _) => net.contains(&address),
        (_, Ok(part)) => net.contains(&part),
        _ => return Err(format!("\"{part}\" is neither an address nor a network")),
    };
    Ok(Value::Bool(inside))
}

fn host(a: &Arguments) -> Returned {
    let net = network(a.text(0)?)?;
    let number = a.int(1)?;
    let free = bits(&net) - u32::from(net.prefix_len());
    let offset = u128::from(number.unsigned_abs());
    let fits = size(free).is_none_or(|size| if number < 0 { offset <= size } else { offset < size });
    if !fits {
        return Err(format!("{net} has no host {number}"));
    }
    let address = match number {
        0.. => to_number(net.network()) + offset,
        _ => to_number(net.broadcast()) - (offset - 1),
    };
    Ok(Value::string(to_address(address, &net).to_string()))
}

fn subnet(base: IpNet, newbits: i64, number: i64) -> Result<IpNet, String> {
    let prefix =
        u32::from(base.prefix_len()) + u32::try_from(newbits).map_err(|_| "too many bits".to_owned())?;
    if prefix > bits(&base) {
        return Err(format!("{base} has no room for {newbits} more bits"));
    }
    let number = u128::try_from(number).map_err(|_| "the number is negative".to_owned())?;
    if size(prefix - u32::from(base.prefix_len())).is_some_and(|count| number >= count) {
        return Err(format!("{base} has no subnet {number} of {newbits} more bits"));
    }
    let offset = number.checked_shl(bits(&base) - prefix).unwrap_or(0);
    let address = to_address(to_number(base.network()) | offset, &base);
    IpNet::new(address, prefix as u8).map_err(|error| error.to_string())
}

fn subnets(a: &Arguments) -> Returned {
    let base = network(a.text(0)?)?;
    let mut next = to_number(base.network());
    let mut found = Vec::new();
    for at in 1..a.len() {
        let prefix = u32::from(base.prefix_len())
            + u32::try_from(a.int(at)?).map_err(|_| "too many bits".to_owned())?;
        let length =
            bits(&base).checked_sub(prefix).ok_or_else(|| format!("{base} has no room for /{prefix}"))?;
        let step = size(length).ok_or("the subnet is too large")?;
        let start = next.div_ceil(step) * step;
        if start > to_number(base.broadcast()) {
            return Err(format!("{base} has no room for all of these"));
        }
        let net = IpNet::new(to_address(start, &base), prefix as u8).map_err(|error| error.to_string())?;
        found.push(Value::string(net.to_string()));
        next = start.checked_add(step).ok_or("the end of the address space is reached")?;
    }
    Ok(Value::List(found))
}
