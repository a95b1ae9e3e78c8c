Feature: What nobody can read goes to a person, and never round in circles
  A message without a sender, or cut in half, cannot be routed. It is forwarded to the fallback address with the
  original attached, so that somebody reads it.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  Rule: The fallback address must be elsewhere

    @R1.2
    Scenario Outline: On the catch-all's own domain it would come back
      Given the fallback address is <address>
      When the settings are read
      Then the settings are refused because "clashes with the catch-all *@abc.com"

      Examples:
        | address      |
        | help@abc.com |
        | help@ABC.com |

    @R1.2
    Scenario: It is required
      Given a practice with these tables:
        """
        [mailbox]
        type = "catch-all"
        default_sender = "matters@abc.com"
        """
      And the setting mailbox.fallback_address is none
      When the settings are read
      Then the settings are refused because "mailbox.fallback_address"

    @R1.2
    Scenario: With a single mailbox the domain is free to use
      Given a practice whose single mailbox is abc@bigmail.example
      And the fallback address is help@bigmail.example
      When the settings are read
      Then the settings are taken

    @R1.3
    Scenario: The clash can be allowed, to be studied
      Given the fallback address is help@abc.com
      And the setting mailbox.allow_fallback_clash is true
      When the settings are read
      Then the settings are taken with the warning "clashes with the catch-all"

    @R1.3 @R4.9
    Scenario: Then the forwarded message comes back once, and stays
      Given the catch-all header is X-For
      And the fallback address is help@abc.com
      And the setting mailbox.allow_fallback_clash is true
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        X-For: the lawyers

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      And all mail has arrived
      And the practice collects its mail
      Then the message lands in Unassigned because it goes round in a loop
      And nothing is lost

  Rule: Unreadable messages are forwarded, each with its cause

    @R4.8
    Scenario: A NUL stands in its header
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        Subject: ze\0ro

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message goes to the fallback address because its header cannot be read

    @R4.8
    Scenario: It ends in the middle
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        MIME-Version: 1.0
        Content-Type: multipart/mixed; boundary="here"

        --here
        Content-Type: application/octet-stream
        Content-Transfer-Encoding: base64

        AAAAA
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message goes to the fallback address because it was cut short

    @R4.8
    Scenario: The header that should name the recipient holds no address
      Given the catch-all header is X-For
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        X-For: the lawyers

        Hello
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message goes to the fallback address because its recipient is no address
      And the fallback address holds 1 copy
      And help@elsewhere.example gets 1 message
      And nothing is lost

    @R4.8 @R4.2
    Scenario: A second copy of an unreadable message is not forwarded twice
      Given the catch-all header is X-For
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        X-For: the lawyers

        Hello
        """
      And the same message comes again for a1234@abc.com
      And all mail has arrived
      And the practice collects its mail
      Then the message is a duplicate because a copy was delivered before
      And help@elsewhere.example gets 1 message

  Rule: Machines that answer machines are not forwarded

    @R4.9
    Scenario: An unreadable automatic message stays
      Given the catch-all header is X-For
      When this message comes for a1234@abc.com:
        """
        From: jane@client.example
        X-For: the lawyers
        Auto-Submitted: auto-replied
        Subject: Out of office

        I am away.
        """
      And all mail has arrived
      And the practice collects its mail
      Then the message lands in Unassigned because it goes round in a loop
      And help@elsewhere.example gets nothing
