//! The bytes that fuzzing found worth keeping, tried as fuzzing tries them, and what comes of them by a few changes.
#![expect(clippy::disallowed_methods, reason = "the corpus is files, and a test may read them")]

#[path = "../../fuzz/files.rs"]
mod files;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;

fn corpus(of: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(of);
    let entries = fs::read_dir(&folder).expect("the corpus").map(|entry| entry.expect("an entry").path());
    let texts: Vec<_> = entries.map(|path| fs::read(path).expect("a file")).collect();
    assert!(!texts.is_empty(), "nothing in {}", folder.display());
    texts
}

/// What becomes of bytes where each of some places holds another byte.
fn changed(corpus: &[Vec<u8>], which: Index, places: &[(Index, u8)]) -> Vec<u8> {
    let mut bytes = which.get(corpus).clone();
    for (place, byte) in places {
        match bytes.is_empty() {
            true => bytes.push(*byte),
            false => *place.get_mut(&mut bytes) = *byte,
        }
    }
    bytes
}

fn places() -> impl Strategy<Value = Vec<(Index, u8)>> {
    prop::collection::vec((any::<Index>(), any::<u8>()), 0..4)
}

macro_rules! tried {
    ($($name:ident),*) => {$(
        proptest! {
            #[test]
            fn $name(which in any::<Index>(), places in places()) {
                let corpus = corpus(stringify!($name));
                corpus.iter().for_each(|bytes| files::$name(bytes));
                files::$name(&changed(&corpus, which, &places));
            }
        }
    )*};
}

tried!(state, plan, journal);
