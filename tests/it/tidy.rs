//! What must stay true of the sources themselves: what ARCHITECTURE.md says of them.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file of the core, with its path below `src/`.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    assert!(found.len() > 20, "the sources are where they are looked for");
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
    found.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// Whether the whole file is a test: the models of the model check.
fn is_model(name: &str) -> bool {
    name.starts_with("session/model/")
}

/// The code of a file, without comments and tests.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let end = source.find("#[cfg(test)]").unwrap_or(source.len());
    source[..end].lines().map(|line| line.split("//").next().unwrap_or("")).map(str::trim)
}

/// Fails for every line of code that names one of `words`, in the files that `is_meant` means.
#[track_caller]
fn check_absent(words: &[&str], is_meant: impl Fn(&str) -> bool) {
    let is_word = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
        })
    };
    let mut meant = 0;
    for (name, source) in sources().iter().filter(|(name, _)| is_meant(name)) {
        meant += 1;
        for line in code(source) {
            for word in words {
                assert!(!is_word(line, word), "src/{name} names `{word}`: {line}");
            }
        }
    }
    assert!(meant > 0, "some file is meant");
}

#[test]
fn every_file_says_first_what_it_is_for() {
    for (name, source) in sources() {
        assert!(source.starts_with("//! "), "src/{name} begins with its module's doc");
    }
}

#[test]
fn the_contracts_name_nothing_else_of_the_crate_and_no_runtime() {
    check_absent(&["crate", "tokio", "async_std", "smol", "Mutex", "thread"], |name| {
        name.starts_with("transport/")
    });
}

#[test]
fn the_contracts_open_nothing() {
    check_absent(&["TcpStream", "UnixStream", "ToSocketAddrs", "Instant"], |name| {
        name.starts_with("transport/")
    });
}

#[test]
fn what_dials_with_the_standard_library_knows_the_contracts_alone() {
    check_absent(
        &["session", "script", "double", "verify", "Mutex", "Waker", "Future", "spawn"],
        |name| name.starts_with("blocking/"),
    );
}

#[test]
fn one_file_of_the_sessions_names_locks_and_wakers() {
    check_absent(&["Mutex", "RwLock", "Condvar", "Waker", "Wake"], |name| {
        name.starts_with("session/") && name != "session/shared.rs" && !is_model(name)
    });
}

#[test]
fn one_file_of_the_sessions_starts_a_thread() {
    check_absent(&["spawn", "Builder"], |name| {
        name.starts_with("session/") && name != "session/clock.rs" && !is_model(name)
    });
}

#[test]
fn what_judges_holds_no_lock_waker_clock_or_thread() {
    check_absent(&["Mutex", "Waker", "Instant", "SystemTime", "thread", "spawn"], |name| {
        ["machine", "language", "socket", "websocket", "book", "case"]
            .iter()
            .any(|pure| name == format!("session/{pure}.rs"))
            || name == "timeline.rs"
            || name == "protocol.rs"
            || name.starts_with("script/") && name != "script/draft.rs"
    });
    // `verifier.rs` asks whether its thread panics; `run.rs` has the deadline of the whole.
    check_absent(&["Mutex", "Waker", "Instant", "SystemTime", "thread", "spawn"], |name| {
        name.starts_with("verify/") && !["verify/verifier.rs", "verify/run.rs"].contains(&name)
    });
}

#[test]
fn doubles_translate_and_never_decide() {
    // Violations are made by the machine and the book alone.
    check_absent(&["ViolationKind", "Details"], |name| name.starts_with("double/"));
    // And one who blocks does so where all who wait are known.
    check_absent(&["Waker", "Condvar", "thread", "park", "spawn"], |name| {
        name.starts_with("double/")
    });
}

/// The items of a file of an adapter in their order, methods behind what they are of. What carries
/// the name of a runtime carries none.
fn items(adapter: &str, file: &str) -> Vec<String> {
    let path = format!("{}/adapters/{adapter}/src/{file}.rs", env!("CARGO_MANIFEST_DIR"));
    let source = fs::read_to_string(path).unwrap();
    let end = source.find("#[cfg(test)]\nmod").unwrap_or(source.len());
    let mut of = String::new();
    let mut found = Vec::new();
    for line in source[..end].lines() {
        let line = line.replace("AsyncStd", "X").replace("Tokio", "X").replace("Smol", "X");
        let words = line.trim_end_matches(['{', ';', ' ']).trim_start();
        let words = words.trim_start_matches("pub ").trim_start_matches("async ");
        let name = |rest: &str| rest.split(['(', '<', ' ', ':', '{']).next().unwrap().to_owned();
        match words.split_once(' ') {
            _ if words.starts_with("impl") => {
                of = match words.split_once(" for ") {
                    Some((of_what, who)) => {
                        format!("{} for {who}", of_what.rsplit(' ').next().unwrap())
                    }
                    None => words.to_owned(),
                };
                found.push(of.clone());
            }
            Some((kind @ ("struct" | "enum" | "trait"), rest)) => {
                of = format!("{kind} {}", name(rest));
                found.push(of.clone());
            }
            Some(("fn", rest)) if line.starts_with(' ') => {
                found.push(format!("{of}: {}", name(rest)));
            }
            Some(("fn", rest)) => found.push(name(rest)),
            _ => {}
        }
    }
    found
}

#[test]
fn adapters_have_what_they_share_in_the_same_order() {
    for file in ["connector", "socket", "stream", "timer"] {
        let first = items("smol", file);
        for adapter in ["tokio", "async-std"] {
            let second = items(adapter, file);
            let [shared, other] = [(&first, &second), (&second, &first)].map(|(all, with)| {
                all.iter().filter(|item| with.contains(item)).collect::<Vec<_>>()
            });
            assert_eq!(shared, other, "{file}.rs of smol and of {adapter}");
            // Where runtimes differ is the exception.
            assert!(2 * shared.len() > second.len(), "{file}.rs of {adapter}: {second:#?}");
        }
    }
}

#[test]
fn there_is_no_unfinished_code() {
    check_absent(&["todo", "unimplemented", "dbg", "unsafe"], |name| name != "lib.rs");
}

#[test]
fn the_license_files_of_the_manifest_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "ARCHITECTURE.md", "CHANGELOG.md"] {
        assert!(root.join(file).is_file(), "{file}");
    }
}
