// runbook
