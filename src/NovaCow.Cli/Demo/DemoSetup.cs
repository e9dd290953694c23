namespace NovaCow.Cli.Demo;

/// <summary>What the demo's cluster is made of.</summary>
/// <param name="Folder">Where it lives while it runs.</param>
/// <param name="Hosts">How many hosts make disks only.</param>
/// <param name="ImageFolder">Where its image is.</param>
/// <param name="Libvirt">What a further host boots machines with; null: there is none.</param>
internal sealed record DemoSetup(string Folder, int Hosts, string ImageFolder, string? Libvirt);
