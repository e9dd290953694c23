using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NovaCow.Security;

/// <summary>Certificates and keys from PEM, with errors that name what was read.</summary>
public static class Pem
{
    /// <summary>A certificate.</summary>
    /// <param name="text">PEM.</param>
    /// <param name="what">What it is, for errors.</param>
    /// <exception cref="SecurityException">It is none.</exception>
    public static X509Certificate2 Certificate(string text, string what)
    {
        try
        {
            return X509Certificate2.CreateFromPem(text);
        }
        catch (CryptographicException e)
        {
            throw new SecurityException($"{what}: no PEM certificate ({e.Message})", e);
        }
    }

    /// <summary>A certificate with its key.</summary>
    /// <param name="certificate">PEM.</param>
    /// <param name="key">PEM.</param>
    /// <param name="what">What they are, for errors.</param>
    /// <exception cref="SecurityException">They are none, or do not belong together.</exception>
    public static X509Certificate2 Pair(string certificate, string key, string what)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new SecurityException(
                $"{what}: not a PEM certificate and its own private key ({e.Message})", e);
        }
    }
}
