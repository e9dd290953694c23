using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>What an instance disk holds beside its base's bytes.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<DiskLayout>))]
public enum DiskLayout
{
    /// <summary>The base's bytes from the first on.</summary>
    Whole,

    /// <summary>A master boot record with the base as its first partition, and local storage, where
    /// there is any, as its second: the layout of EC2. The base must be a bare file system.
    /// </summary>
    Ec2,

    /// <summary>In a request: <see cref="Ec2"/> for a base that is a bare file system,
    /// <see cref="Whole"/> for one with its own partition table. A disk is never of it.</summary>
    Auto,
}
