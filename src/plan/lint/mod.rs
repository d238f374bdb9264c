//! Policy lints.
mod bash;
