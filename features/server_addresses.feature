Feature: A server's address is written in one way, and whoever writes another hears what to write
  A POP server is `ssl://host:995` or `tcp://host:110`, an SMTP server a host name, its port a number of its own.

  Background:
    Given a practice whose catch-all mailbox is matters@abc.com

  Rule: The POP server

    @R1.5 @R1.12
    Scenario Outline: What a POP server is not
      Given a practice with these tables:
        """
        [pop]
        server = "<written>"
        """
      When the settings are read
      Then this fault is told:
        """
        <told>
        """

      Examples:
        | written                   | told                                                                                                                                                               |
        | pop.abc.com               | pop.server = "pop.abc.com": has no ssl:// or tcp:// in front; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "ssl://pop.abc.com:995"     |
        | pop.abc.com:110           | pop.server = "pop.abc.com:110": has no ssl:// or tcp:// in front; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "tcp://pop.abc.com:110" |
        | imap://pop.abc.com        | pop.server = "imap://pop.abc.com": IMAP is not supported; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "ssl://pop.abc.com:995"         |
        | imaps://pop.abc.com:993   | pop.server = "imaps://pop.abc.com:993": IMAP is not supported; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "ssl://pop.abc.com:995"    |
        | imap://pop.abc.com:110    | pop.server = "imap://pop.abc.com:110": IMAP is not supported; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "tcp://pop.abc.com:110"     |
        | http://pop.abc.com        | pop.server = "http://pop.abc.com": http:// is not known; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "tcp://pop.abc.com:110"          |
        | pop3://pop.abc.com:1110   | pop.server = "pop3://pop.abc.com:1110": pop3:// is not known; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "tcp://pop.abc.com:1110"    |
        | pops://pop.abc.com:1995   | pop.server = "pops://pop.abc.com:1995": pops:// is not known; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "ssl://pop.abc.com:1995"    |
        | ssl://pop.abc.com:993     | pop.server = "ssl://pop.abc.com:993": port 993 is for IMAP, which is not supported; write "ssl://pop.abc.com:995"                                                  |
        | tcp://pop.abc.com:993     | pop.server = "tcp://pop.abc.com:993": port 993 is for IMAP, which is not supported; write "ssl://pop.abc.com:995"                                                  |
        | ssl://pop.abc.com:0       | pop.server = "ssl://pop.abc.com:0": the port must be from 1 to 65535; write "ssl://pop.abc.com:995"                                                                |
        | tcp://pop.abc.com:65536   | pop.server = "tcp://pop.abc.com:65536": the port must be from 1 to 65535; write "tcp://pop.abc.com:110"                                                            |
        | ssl://pop.abc.com:        | pop.server = "ssl://pop.abc.com:": the port must be from 1 to 65535; write "ssl://pop.abc.com:995"                                                                 |
        | ssl://pop.abc.com:pop3    | pop.server = "ssl://pop.abc.com:pop3": the port must be from 1 to 65535; write "ssl://pop.abc.com:995"                                                             |
        | ssl://pop.abc.com:000995  | pop.server = "ssl://pop.abc.com:000995": the port must be from 1 to 65535; write "ssl://pop.abc.com:995"                                                           |
        | ssl://                    | pop.server = "ssl://": has no valid host name; write "ssl://pop.example.com:995"                                                                                   |
        | ssl://pop abc.com         | pop.server = "ssl://pop abc.com": has no valid host name; write "ssl://pop.example.com:995"                                                                        |
        | tcp://-pop.abc.com        | pop.server = "tcp://-pop.abc.com": has no valid host name; write "tcp://pop.example.com:110"                                                                       |
        | ssl://1.2.3.400           | pop.server = "ssl://1.2.3.400": has no valid host name; write "ssl://pop.example.com:995"                                                                          |
        | ssl://::1                 | pop.server = "ssl://::1": an IPv6 address stands in brackets; write "ssl://[::1]:995"                                                                              |
        | ssl://fe80:::1            | pop.server = "ssl://fe80:::1": an IPv6 address stands in brackets; write such as ssl://[::1]:995                                                                   |
        | ssl://me:pw@pop.abc.com   | pop.server = "ssl://***@pop.abc.com": must not hold a user name or password; write them under username and password                                                |
        | smtps://pop.abc.com:70000 | pop.server = "smtps://pop.abc.com:70000": smtps:// is not known; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "ssl://pop.abc.com:995"  |
        | ftp://pop.abc.com:65535   | pop.server = "ftp://pop.abc.com:65535": ftp:// is not known; it must be ssl://HOST:995 (TLS) or tcp://HOST:110 (no encryption); write "ssl://pop.abc.com:65535"    |

    @R1.5
    Scenario Outline: What a POP server is
      Given the practice collects from "<written>"
      When the settings are read
      Then the practice would collect from "<means>"

      Examples:
        | written                     | means                       |
        | SSL://POP.abc.com           | ssl://pop.abc.com:995       |
        | tcp://localhost:1           | tcp://localhost:1           |
        | ssl://pop_3.abc.com.:65535  | ssl://pop_3.abc.com:65535   |
        | ssl://127.0.0.1             | ssl://127.0.0.1:995         |
        | ssl://[fe80::1]             | ssl://[fe80::1]:995         |
        | tcp://[0:0:0:0:0:0:0:1]:110 | tcp://[::1]:110             |
        | ssl://bücher.example        | ssl://xn--bcher-kva.example:995 |
        | ssl://pop.abc.com:25        | ssl://pop.abc.com:25        |

    @R1.5
    Scenario: Its address is text
      Given a practice with these tables:
        """
        [pop]
        server = 995
        """
      When the settings are read
      Then this fault is told:
        """
        pop.server = 995: must be ssl://HOST:995 or tcp://HOST:110; write it in quotes
        """

  Rule: The SMTP server

    @R1.6 @R1.12
    Scenario Outline: What an SMTP server is not
      Given a practice with these tables:
        """
        [smtp]
        server = "<written>"
        """
      When the settings are read
      Then this fault is told:
        """
        <told>
        """

      Examples:
        | written                    | told                                                                                                                                  |
        | smtp.gmail.com:587         | smtp.server = "smtp.gmail.com:587": must be a host name alone, without prefix and port; write "smtp.gmail.com" and port = 587         |
        | smtp://smtp.gmail.com      | smtp.server = "smtp://smtp.gmail.com": must be a host name alone, without prefix and port; write "smtp.gmail.com"                     |
        | smtp://smtp.gmail.com:465/ | smtp.server = "smtp://smtp.gmail.com:465/": must be a host name alone, without prefix and port; write "smtp.gmail.com" and port = 465 |
        | smtp.gmail.com:25          | smtp.server = "smtp.gmail.com:25": must be a host name alone, without prefix and port; write "smtp.gmail.com"                         |
        | //smtp.abc.com/            | smtp.server = "//smtp.abc.com/": must be a host name alone, without prefix and port; write "smtp.abc.com"                             |
        | smtp gmail                 | smtp.server = "smtp gmail": must be a host name alone, without prefix and port; write such as "smtp.gmail.com" or "localhost"         |
        | me@smtp.abc.com            | smtp.server = "***@smtp.abc.com": must not hold a user name or password; write them under username and password                       |
        | [::1]:587                  | smtp.server = "[::1]:587": must be a host name alone, without prefix and port; write such as "smtp.gmail.com" or "localhost"          |
        | smtp.gmail.com:port        | smtp.server = "smtp.gmail.com:port": must be a host name alone, without prefix and port; write "smtp.gmail.com"                       |
        | a:b:c                      | smtp.server = "a:b:c": must be a host name alone, without prefix and port; write such as "smtp.gmail.com" or "localhost"              |

    @R3.6
    Scenario Outline: What an SMTP server is
      Given the practice sends through "<written>" on port <port>
      When the settings are read
      Then the practice would send through "<means>"

      Examples:
        | written         | port  | means                     |
        | SMTP.Abc.com.   | 1     | smtp.abc.com:1 plain      |
        | 127.0.0.1       | 65535 | 127.0.0.1:65535 plain     |
        | [::1]           | 587   | ::1:587 plain             |
        | bücher.example  | 465   | xn--bcher-kva.example:465 plain |

    @R1.6 @R1.12
    Scenario Outline: A port is a port
      Given a practice with these tables:
        """
        [smtp]
        server = "smtp.abc.com"
        port = <port>
        """
      When the settings are read
      Then this fault is told:
        """
        smtp.port = <port>: must be a port from 1 to 65535, not 25; most providers take 587 or 465
        """

      Examples:
        | port  |
        | 0     |
        | -1    |
        | 65536 |
