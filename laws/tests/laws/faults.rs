//! Every fault that can be planted still fits the source: `cargo cinema simulate faults` finds out whether it is found.

use std::{fs, process::Command};

use laws::{files, root};

#[test]
fn every_fault_fits_the_source_and_says_what_finds_it() {
    let faults = files(&root().join("functions/payment/faults"), "patch");
    assert!(faults.len() >= 10, "{}", faults.len());
    for fault in faults {
        let text = fs::read_to_string(&fault).expect("text");
        let (head, _) = text.split_once("\n--- a/").unwrap_or_else(|| panic!("{} changes nothing", fault.display()));
        assert!(head.contains("\nFound by: "), "{} does not say what finds it", fault.display());
        let checked = Command::new("git").args(["apply", "--check"]).arg(&fault).current_dir(root()).output();
        let checked = checked.unwrap_or_else(|error| panic!("git: {error}"));
        let reason = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{} does not fit the source any more:\n{reason}", fault.display());
    }
}
