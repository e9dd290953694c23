using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace NovaCow.Core.Scheduling;

/// <summary>What a launch's guest is told, and what runs it.</summary>
public sealed partial record LaunchOptions
{
    /// <summary>The hypervisor of its host: <c>libvirt</c>, or <c>none</c> for disks only; null:
    /// any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Hypervisor { get; init; }

    private static readonly string[] s_hypervisors = ["libvirt", "none"];

    private RequestError? GuestProblem() => this switch
    {
        { Hypervisor: { } hypervisor } when !s_hypervisors.Contains(hypervisor) =>
            new RequestError(
                RequestErrorCode.InvalidRequest,
                $"hypervisor '{Names.Printable(hypervisor)}': expected one of "
                    + string.Join(", ", s_hypervisors)),
        { Guest: { } guest } when guest.Problem() is { } problem =>
            new RequestError(RequestErrorCode.InvalidRequest, $"guest: {problem}"),
        _ => null,
    };

    private string GuestSuffix() =>
        (Guest is null ? "" : $", guest {Guest}")
            + (Hypervisor is null ? "" : $", hypervisor {Hypervisor}");
}

/// <summary>What is kept of user data, which may be secret, to tell a request that comes again from
/// another.</summary>
public sealed partial record LaunchOrder
{
    /// <summary>The digest of the user data where that is left out; null: there was none, or it is
    /// there.</summary>
    public string? UserDataDigest { get; init; }

    /// <summary>The same order with the digest of its user data in its place: two orders are the
    /// same if these are.</summary>
    public LaunchOrder Sealed() => Options.Guest is not { UserData: { } data } guest
        ? this
        : this with
        {
            Options = Options with { Guest = guest with { UserData = null } },
            UserDataDigest = Convert.ToHexStringLower(
                SHA256.HashData(Encoding.UTF8.GetBytes(data))),
        };
}
