@wire
Feature: Check POP and Check SMTP turn green or red, and say why
  They log in as the practice would, and change nothing: no message is sent, retrieved or deleted.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234
    And the practice collects from "ssl://pop.abc.com:995"
    And the practice sends through "smtp.abc.com" on port 587

  @R2.1
  Scenario: A POP server that can be used is green, and keeps its mail
    When jane@client.example writes to a1234@abc.com
    And all mail has arrived
    And the practice checks POP
    Then the check turns green
    And the mailbox at the provider holds 1 message

  @R2.2
  Scenario: An SMTP server that can be used is green, and sends nothing
    When the practice checks SMTP
    Then the check turns green
    And 0 stories are told

  @R2.1
  Scenario Outline: Check POP asks for nothing that takes mail or removes it
    Given the fault "<fault>"
    When jane@client.example writes to a1234@abc.com
    And all mail has arrived
    And the practice checks POP
    Then the check turns green
    And the fault "<fault>" has not struck

    Examples:
      | fault                  |
      | pop:RETR:1:reply -ERR  |
      | pop:TOP:1:reply -ERR   |
      | pop:DELE:1:reply -ERR  |

  @R2.2
  Scenario Outline: Check SMTP goes as far as the sender, and no further
    Given the fault "<fault>"
    When the practice checks SMTP
    Then the check turns green
    And the fault "<fault>" has not struck

    Examples:
      | fault                          |
      | smtp:RCPT:1:reply 550 5.1.1 no |
      | smtp:DATA:1:reply 554 5.7.1 no |

  @R2.2
  Scenario: It does say who the sender is
    Given the fault "smtp:MAIL:1:reply 550 5.7.1 not you"
    When the practice checks SMTP
    Then the check turns red because the sender is refused
    And the check stops at the step sender

  @R2.3
  Scenario: A mailbox that another program has open
    Given the fault "pop:PASS:1:locked"
    When the practice checks POP
    Then the check turns red because the mailbox is locked

  @R2.3
  Scenario: Wrong credentials are told from a locked mailbox
    Given the fault "pop:PASS:1:refuse"
    When the practice checks POP
    Then the check turns red because the credentials are wrong

  @R2.3
  Scenario: A provider that keeps silent
    Given the fault "pop:CONNECT:every:stall"
    When the practice checks POP
    Then the check turns red because the server does not answer in time

  @R2.3
  Scenario Outline: What is wrong with a POP server is told apart
    Given the fault "<fault>"
    When the practice checks POP
    Then the check turns red because <cause>

    Examples:
      | fault                                      | cause                          |
      | pop:CONNECT:every:expired-certificate      | the certificate has expired    |
      | pop:CONNECT:every:foreign-certificate      | the certificate is not trusted |
      | pop:PASS:every:reply [LOGIN-DELAY] wait    | the login comes too soon       |
      | pop:USER:every:reply use STLS first        | the credentials are wrong      |

  @R2.3
  Scenario Outline: What is wrong with an SMTP server is told apart
    Given the fault "<fault>"
    When the practice checks SMTP
    Then the check turns red because <cause>

    Examples:
      | fault                                         | cause                                  |
      | smtp:EHLO:every:without STARTTLS              | TLS is spoken to a plain port          |
      | smtp:STARTTLS:every:expired-certificate       | the certificate has expired            |
      | smtp:STARTTLS:every:foreign-certificate       | the certificate is not trusted         |
      | smtp:EHLO:every:without AUTH                  | the authentication type is not offered |
      | smtp:AUTH:every:reply 535 5.7.8 wrong         | the credentials are wrong              |
      | smtp:AUTH:every:reply 454 4.7.0 too many      | the login comes too soon               |
      | smtp:MAIL:every:reply 550 5.7.1 not your name | the sender is refused                  |

  @R2.2 @R2.3
  Scenario: A green check says what only a message would find out
    Given a provider that rejects foreign senders
    When the practice checks SMTP
    Then the check turns green
    And the advice is to "mailsim probe"

  @R2.4
  Scenario: The probe finds a provider that keeps the sender
    Given a provider that accepts foreign senders
    When the practice probes its route
    Then the probe says that replies come back

  @R2.4
  Scenario: The probe finds a provider that rewrites the sender
    Given a provider that rewrites foreign senders
    When the practice probes its route
    Then the probe says that replies do not come back
    And the probe says that the route changed From

  @R2.4 @R5.8
  Scenario: The probe is not taken in by the copy that the provider keeps
    Given a provider that rewrites foreign senders
    And the provider keeps a copy of what it sends in the mailbox
    When the practice probes its route
    Then the probe says that replies do not come back
    And the probe says that the route changed From
