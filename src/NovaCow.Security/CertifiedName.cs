using System.Diagnostics.CodeAnalysis;
using NovaCow.Core;

namespace NovaCow.Security;

/// <summary>What a certificate's owner is in the cluster.</summary>
public enum ClusterRole
{
    /// <summary>A control node: it serves the API, and links to its like.</summary>
    Control,

    /// <summary>A compute host: it links to control nodes, under its own name.</summary>
    Host,

    /// <summary>A person or a program that calls the API.</summary>
    Operator,
}

/// <summary>Whom a certificate is for; in it, the URI <c>novacow://role/host/NAME</c>.</summary>
public sealed record CertifiedName
{
    private const string Prefix = "novacow://role/";

    private CertifiedName(ClusterRole role, string name) => (Role, Name) = (role, name);

    /// <summary>What it is.</summary>
    public ClusterRole Role { get; }

    /// <summary>Its name among those of its role; a host's is its host name.</summary>
    public string Name { get; }

    /// <summary>The form that certificates carry.</summary>
    public Uri Uri => new($"{Prefix}{Word(Role)}/{Name}");

    /// <summary>The name of a role as people write it.</summary>
    public static string Word(ClusterRole role) => role.ToString().ToLowerInvariant();

    /// <summary>A valid name.</summary>
    /// <exception cref="SecurityException">The name is not one; the message says why.</exception>
    public static CertifiedName Of(ClusterRole role, string name) =>
        Names.Problem($"{Word(role)} name", name) is { } problem
            ? throw new SecurityException(problem)
            : new CertifiedName(role, name);

    /// <summary>Reads the form that certificates carry.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out CertifiedName? certified)
    {
        certified = null;
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)
            || text[Prefix.Length..].Split('/') is not [var word, var name]
            || Names.Problem("name", name) is not null)
        {
            return false;
        }

        foreach (var role in Enum.GetValues<ClusterRole>())
        {
            if (word == Word(role))
                certified = new CertifiedName(role, name);
        }

        return certified is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Word(Role)} {Name}";
}
