using System.Text.Json.Serialization;

namespace NovaCow.Core.Hosting;

/// <summary>What an operator lets a host do; kept over its restarts.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<HostDuty>))]
public enum HostDuty
{
    /// <summary>It takes launches.</summary>
    Active,

    /// <summary>It takes no new launches; what it has stays.</summary>
    Cordoned,

    /// <summary>It takes no new launches, and what is not committed there goes elsewhere.
    /// </summary>
    Draining,
}

/// <summary>What may be promised of one host beyond what it has, where that is not the cluster's
/// rule; null: the cluster's.</summary>
/// <param name="VCpus">Virtual processors for each real one.</param>
/// <param name="Memory">Bytes of memory for each real one.</param>
/// <param name="Disk">Bytes of disk for each real one.</param>
public sealed record HostOvercommit(double? VCpus, double? Memory, double? Disk);

/// <summary>What is promised of a host for each processor and byte that it has.</summary>
/// <param name="VCpus">Virtual processors for each real one.</param>
/// <param name="Memory">Bytes of memory for each real one.</param>
/// <param name="Disk">Bytes of disk for each real one.</param>
public readonly record struct OvercommitRatios(double VCpus, double Memory, double Disk);
