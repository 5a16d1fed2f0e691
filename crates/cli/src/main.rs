//! The program hydrant.

fn main() {}
