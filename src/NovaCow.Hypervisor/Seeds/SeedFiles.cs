using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Seeds;

/// <summary>What stands on a seed, by the file's path within it. Pure.</summary>
/// <param name="Label">The disk's label, by which a guest finds it.</param>
/// <param name="Files">The files' bytes.</param>
internal sealed record SeedFiles(string Label, IReadOnlyDictionary<string, byte[]> Files)
{
    private const string NoUserData = "#cloud-config\n{}\n";

    /// <summary>For people's eyes: nothing is escaped but what must be.</summary>
    private static readonly JsonSerializerOptions s_json = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    public static SeedFiles Of(InstanceId instance, GuestSetup setup) => setup.Kind switch
    {
        GuestSeedKind.ConfigDrive => ConfigDrive(instance, setup),
        _ => NoCloud(instance, setup),
    };

    private static SeedFiles NoCloud(InstanceId instance, GuestSetup setup)
    {
        // JSON is YAML, and nothing in a text can end it.
        var metaData = new JsonObject
        {
            ["instance-id"] = instance.Value,
            ["local-hostname"] = HostName(instance, setup),
            ["public-keys"] = new JsonArray([.. setup.SshKeys.Select(k => JsonValue.Create(k))]),
        };
        return new SeedFiles("cidata", new Dictionary<string, byte[]>
        {
            ["meta-data"] = Bytes(metaData.ToJsonString(s_json) + "\n"),
            ["user-data"] = Bytes(setup.UserData ?? NoUserData),
        });
    }

    private static SeedFiles ConfigDrive(InstanceId instance, GuestSetup setup)
    {
        // Guests take the uuid for the instance's id, whatever its form.
        var metaData = new JsonObject
        {
            ["uuid"] = instance.Value,
            ["name"] = instance.Value,
            ["hostname"] = HostName(instance, setup),
            ["launch_index"] = 0,
            ["public_keys"] = new JsonObject(setup.SshKeys.Select(
                (k, i) => KeyValuePair.Create($"key-{i}", (JsonNode?)JsonValue.Create(k)))),
        };
        return new SeedFiles("config-2", new Dictionary<string, byte[]>
        {
            ["openstack/latest/meta_data.json"] = Bytes(metaData.ToJsonString(s_json) + "\n"),
            ["openstack/latest/user_data"] = Bytes(setup.UserData ?? NoUserData),
        });
    }

    private static string HostName(InstanceId instance, GuestSetup setup) =>
        setup.HostName ?? instance.Value;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
