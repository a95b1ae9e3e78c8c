Feature: What is forwarded to the fallback address tells why, and carries the original unchanged
  The fallback address is on the catch-all's own domain here, which was allowed to be studied: so what the practice
  forwards comes back, stays in Unassigned, and can be read.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the fallback address is help@abc.com
    And the setting mailbox.allow_fallback_clash is true
    And the catch-all header is X-For

  @R4.8 @R4.9 @R1.3
  Scenario: A message that SMTP can carry as it is goes along as a message
    When this message comes for a1234@abc.com:
      """
      From: jane@client.example
      X-For: the lawyers
      Subject: Lease

      Hello,
      .
      --and
      """
    And all mail has arrived
    And the practice collects its mail
    And all mail has arrived
    And the practice collects its mail
    Then the last copy of Unassigned has From "matters@abc.com"
    And the last copy of Unassigned has To "help@abc.com"
    And the last copy of Unassigned has Return-Path "<>"
    And the last copy of Unassigned has Subject "A message that could not be read (bad-recipient)"
    And the last copy of Unassigned has Auto-Submitted "auto-generated"
    And the last copy of Unassigned has X-Mailsim-Loop "matters@abc.com"
    And the last copy of Unassigned reads, among other lines:
      """
      Content-Type: text/plain; charset=us-ascii

      The attached message was collected and could not be read:
      bad-recipient.
      """
    And the last copy of Unassigned reads, among other lines:
      """
      Content-Type: message/rfc822
      Content-Transfer-Encoding: 8bit

      Delivered-To: a1234@abc.com
      Return-Path: <post@client.example>
      From: jane@client.example
      X-For: the lawyers
      Subject: Lease

      Hello,
      .
      --and
      """
    And nothing is lost

  @R4.8
  Scenario: One that it cannot carry goes along as octets
    When this message comes for a1234@abc.com:
      """
      From: jane@client.example
      Subject: ze\0ro

      Hello
      """
    And all mail has arrived
    And the practice collects its mail
    And all mail has arrived
    And the practice collects its mail
    Then the last copy of Unassigned has Subject "A message that could not be read (undecodable-header)"
    And the last copy of Unassigned reads, among other lines:
      """
      Content-Type: application/octet-stream
      Content-Transfer-Encoding: base64
      Content-Disposition: attachment; filename="original.eml"

      RGVsaXZlcmVkLVRvOiBhMTIzNEBhYmMuY29tDQpSZXR1cm4tUGF0aDogPHBvc3RAY2xpZW50LmV4
      """
    And nothing is lost

  @R4.8
  Scenario: One that cannot be taken apart goes along as octets too, though its lines could be carried
    When this message comes for a1234@abc.com:
      """
      From: jane@client.example
      not a field
      Subject: Lease

      Hello
      """
    And all mail has arrived
    And the practice collects its mail
    And all mail has arrived
    And the practice collects its mail
    Then the last copy of Unassigned has Subject "A message that could not be read (undecodable-header)"
    And the last copy of Unassigned reads, among other lines:
      """
      Content-Type: application/octet-stream
      Content-Transfer-Encoding: base64
      Content-Disposition: attachment; filename="original.eml"

      """

  @R4.8 @R5.3
  Scenario Outline: Whatever the provider does with senders, nobody is to get a report on it
    Given the provider is <provider>
    And the provider forwards mail that no mailbox takes to matters@abc.com
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
    Then the last copy of Unassigned has From "matters@abc.com"
    And the last copy of Unassigned has Return-Path "<>"

    Examples:
      | provider |
      | ses      |
      | mailgun  |
      | postfix  |
