namespace NovaCow.Client;

/// <summary>What a join token is to be for.</summary>
public sealed record TokenRequest
{
    /// <summary>The host; null: any name that never joined.</summary>
    public string? Host { get; init; }

    /// <summary>How long it is valid, in seconds.</summary>
    public required long TtlSeconds { get; init; }
}

/// <summary>A join token: a secret until it has expired.</summary>
public sealed record TokenResource
{
    /// <summary>The token.</summary>
    public required string Token { get; init; }

    /// <summary>The host it is for, or *.</summary>
    public required string Host { get; init; }

    /// <summary>Until when it is valid.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>What a machine sends to become a host.</summary>
public sealed record JoinRequest
{
    /// <summary>The token that it was given.</summary>
    public required string Token { get; init; }

    /// <summary>The host's name.</summary>
    public required string Name { get; init; }

    /// <summary>PKCS #10 as PEM, with the key that the machine made.</summary>
    public required string CertificateRequest { get; init; }
}

/// <summary>What a host sends for a new certificate, with the present one.</summary>
public sealed record RenewRequest
{
    /// <summary>PKCS #10 as PEM.</summary>
    public required string CertificateRequest { get; init; }
}

/// <summary>A certificate.</summary>
public sealed record CertificateResource
{
    /// <summary>As PEM.</summary>
    public required string Certificate { get; init; }

    /// <summary>Until when it is valid.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}
