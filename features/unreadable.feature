Feature: What nobody can read goes to the fallback address, each cause told apart
  A message that is broken cannot be routed. It is not thrown away: a person gets it, attached, and hears what is wrong with it.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com
    And the practice has action 1234

  @R4.8
  Scenario Outline: No header at all
    When the octets "<octets>" are routed
    Then the message goes to the fallback address because it has no header
    And the evidence of R4.8 says "the first line -> no header field before the first empty line"

    Examples:
      | octets                                                     |
      |                                                            |
      | ␍␊From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello     |
      | ␊From: jane@client.example␊                                |
      | Hello Jane,␍␊how are you?␍␊␍␊To: a1234@abc.com␍␊            |
      | Subject                                                    |
      | ␠Subject: x␍␊␍␊                                            |
      | From jane␊␊To: a1234@abc.com␊                              |
      | From jane␊not a field␊                                     |

  @R4.8
  Scenario Outline: A header that cannot be taken apart
    When the octets "<octets>" are routed
    Then the message goes to the fallback address because its header cannot be read
    And the evidence of R4.8 says "the header block -> its lines cannot be told apart, or hold a NUL or no field"

    Examples:
      | octets                                                                          |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Subject: a␀b␍␊␍␊Hello              |
      | From: jane@client.example␍␊Sub␀ject: x␍␊␍␊Hello                                 |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊X: ␀␍␊Hello Jane␍␊                |
      | From: jane@client.example␍To: a1234@abc.com␍␍Hello␍                             |
      | Hello Jane␍how are you␍                                                         |
      | From: jane@client.example␍␊no field␍␊To: a1234@abc.com␍␊␍␊Hello                 |
      | no field␍␊From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello                 |
      | ␠no field␍␊From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello                |
      | From x␊From: jane@client.example␍To: a1234@abc.com␍␍Hello                       |

  @R4.8
  Scenario Outline: UTF-16 is no header either
    When the octets "<mark>From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello" in <encoding> are routed
    Then the message goes to the fallback address because its header cannot be read

    Examples:
      | mark | encoding  |
      |      | utf-16    |
      |      | utf-16-le |
      |      | utf-16-be |

  @R4.8
  Scenario Outline: A message that was cut short
    When the octets "<octets>" are routed
    Then the message goes to the fallback address because it was cut short
    And the evidence of R4.8 says "the end -> the message was cut short"

    Examples:
      | octets                                                                                                                               |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Subject: Hel                                                                            |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Subject: Hello␍␊ Ja                                                                     |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Subject: Hello␍                                                                         |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Subj                                                                                    |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed; boundary=b␍␊␍␊--b␍␊␍␊Hello Ja                              |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: Multipart/Mixed; x=y; Boundary=b␍␊␍␊--b␍␊␍␊Hello␍␊--b-                      |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed;␍␊ boundary=b␍␊␍␊--b␍␊␍␊--inner--␍␊Hello                   |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed; boundary=b␍␊␍␊--b␍␊Content-Transfer-Encoding: BASE64␍␊␍␊QUJDR␍␊ |
      | From: jane@client.example␊To: a1234@abc.com␊Content-Type: multipart/mixed; boundary=b␊␊--b␊Content-Transfer-Encoding: base64␊␊QUJDQUJD␊Q␊␊ |

  @R4.8
  Scenario Outline: Nobody claims to have written it
    When a message with these fields is routed:
      | From         | <from>        |
      | Sender       | <sender>      |
      | Return-Path  | <path>        |
      | Delivered-To | a1234@abc.com |
    Then the message goes to the fallback address because nobody sent it
    And the evidence of R4.8 says "From, Sender, Return-Path -> none of them holds an address: nobody sent it"

    Examples:
      | from   | sender | path          |
      |        |        |               |
      | nobody |        | MAILER-DAEMON |
      | <>     | nobody | jane          |

  @R4.8
  Scenario Outline: Somebody does
    When a message with these fields is routed:
      | From         | nobody        |
      | <field>      | <value>       |
      | Delivered-To | a1234@abc.com |
    Then the message is delivered to action 1234
    And the evidence of R4.8 says "<field>: <value> -> readable, and somebody sent it"

    Examples:
      | field       | value                      |
      | From        | jane@client.example        |
      | Sender      | jane@client.example        |
      | Return-Path | <jane@client.example>      |
      | Return-Path | <>                         |

  @R4.8
  Scenario Outline: Of several causes the first in rank is told
    When the octets "<octets>" are routed
    Then the message goes to the fallback address because <cause>

    Examples:
      | octets                                                        | cause                         |
      | From jane␍␊not a field␍␊␍␊Hello                               | it has no header              |
      | X: ␀␍␊From: nobody␍␊␍␊                                        | its header cannot be read     |
      | From: nobody␍␊Subject: Hel                                    | it was cut short              |
      | From: nobody␍␊Delivered-To: somebody␍␊␍␊                      | nobody sent it                |

  @R4.8
  Scenario Outline: What is odd, and can be read
    When the octets "<octets>" are routed
    Then the message is delivered to action 1234

    Examples:
      | octets                                                                                                                  |
      | From: jane@client.example␊To: a1234@abc.com␊␊Hello␊                                                                      |
      | From: jane@client.example␊To: a1234@abc.com␍␊␊Hello                                                                      |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊                                                                           |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊                                                                         |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊␍␍␊Hello                                                                     |
      | From jane Mon Nov 23 09:00:00 2026␊From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello                                  |
      | From : jane@client.example␍␊To␉:a1234@abc.com␍␊␍␊Hello                                                                   |
      | From: jane@client.example␍␊ ␍␊To: a1234@abc.com␍␊␍␊Hello                                                                 |
      | From: jane@client.example␍␊To:␍␊ a1234@abc.com␍␊␍␊Hello                                                                  |
      | From: jane@client.example␍␊TO:a1234@abc.com␍␊␍␊Hello                                                                     |
      | From: jane@client.example␍ ␍␊To: a1234@abc.com␍␊␍␊Hello                                                                  |
      | Subject:␍␊From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello                                                          |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Hello Jane,␍␊how are you?␍␊␍␊Note: well␍␊                                   |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Hello Jane,␍␊how are you?                                                  |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊␀                                                                        |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Hello Jane␍␊␍␊␀                                                            |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed; boundary=b␍␊␍␊--b␍␊␍␊Hello␍␊--b--␍␊           |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed; boundary=b␍␊␍␊--b␍␊␍␊Hello␍␊--b--             |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed; boundary=b␍␊␍␊--b␍␊␍␊Hello␍␊--b--␍␊bye        |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed; boundary=b␍␊␍␊--b␍␊␍␊Hello there,␍␊           |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed; boundary=b␍␊␍␊--b␍␊Content-Transfer-Encoding: base64␍␊␍␊QUJD␍␊ |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: multipart/mixed␍␊␍␊Hello                                      |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊Content-Type: text/plain; boundary=b␍␊␍␊Hello                               |
      | From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊QUJ␍␊                                                                    |

  @R4.8
  Scenario: Letters of an old encoding can be read
    When the octets "Subject: Grüße␍␊From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello" in latin-1 are routed
    Then the message is delivered to action 1234

  @R4.8
  Scenario: A byte order mark is skipped
    When the octets "From: jane@client.example␍␊To: a1234@abc.com␍␊␍␊Hello" in utf-8-sig are routed
    Then the message is delivered to action 1234

  @R4.12
  Scenario Outline: Whatever comes, something becomes of it
    When the octets "<octets>" are routed
    Then the message has exactly one outcome

    Examples:
      | octets                |
      | ␀␀␀                   |
      | :                     |
      | From: ((((            |
      | To: <<<<@@@@          |
      | Content-Type: ;;;==== |
