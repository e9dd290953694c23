namespace NovaCow.Cli;

/// <summary>What the process's exit says; stable, for scripts.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>What was asked for was tried and failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The image is refused as unsafe.</summary>
    public const int Refused = 3;

    /// <summary>There is no such image, flavor, instance, host or file.</summary>
    public const int NotFound = 4;

    /// <summary>It exists already, and differs.</summary>
    public const int Conflict = 5;

    /// <summary>Busy, or it took too long: the same command may succeed later.</summary>
    public const int TryAgain = 6;

    /// <summary>The API cannot be reached.</summary>
    public const int Unreachable = 7;

    /// <summary>The configuration is wrong.</summary>
    public const int Configuration = 8;

    /// <summary>The cluster wants a certificate, or another one.</summary>
    public const int Denied = 9;

    /// <summary>A bug in this program.</summary>
    public const int Internal = 70;

    /// <summary>Interrupted.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit code for what the API answered.</summary>
    public static int Of(int httpStatus, string? code) => (httpStatus, code) switch
    {
        (_, "UnsafeImage") => Refused,
        (0, _) => Unreachable,
        (401 or 403, _) => Denied,
        (404, _) => NotFound,
        (409, _) => Conflict,
        (_, "ChecksumMismatch") => Failed,
        (400 or 413 or 422, _) => Usage,
        (408 or 429 or 503 or 504, _) => TryAgain,
        _ => Failed,
    };
}
