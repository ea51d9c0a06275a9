namespace NetDeploy.Protocols.Tftp;

/// <summary>Why bytes are not the packet that was expected. Counted, never thrown.</summary>
public enum TftpMalformed
{
    None,
    TooShort,
    TooLong,
    WrongOpcode,
    UnterminatedText,
    EmptyFileName,
    EmptyMode,
    OptionWithoutName,
    OptionWithoutValue,
    TooManyOptions,
}
