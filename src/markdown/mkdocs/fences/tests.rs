//! Tests of fences: what the code, its places and its style are.
