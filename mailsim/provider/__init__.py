"""Who hosts the practice's mailbox and its SMTP server: policies, server mailboxes, DNS, facts of real providers."""
