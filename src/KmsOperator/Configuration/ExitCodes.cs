namespace KmsOperator.Configuration;

/// <summary>Exit codes of the executable.</summary>
internal static class ExitCodes
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>Something went wrong while running.</summary>
    public const int Failure = 1;

    /// <summary>A look that only reads has found something that a person should see.</summary>
    public const int Found = 2;

    /// <summary>The command line or the environment is wrong; the flag is named on standard error.</summary>
    /// <remarks>Source: BSD sysexits, EX_USAGE.</remarks>
    public const int Usage = 64;

    /// <summary>An input file is wrong; file, line and field are named on standard error.</summary>
    /// <remarks>Source: BSD sysexits, EX_DATAERR.</remarks>
    public const int InvalidInput = 65;
}
