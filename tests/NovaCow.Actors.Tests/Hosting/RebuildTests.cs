using System.Collections.Concurrent;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>Instances that are rebuilt from images with and without a kernel beside the disk: at
/// every moment they boot one image's kernel, ramdisk and disk together.</summary>
public sealed class RebuildTests : MachineTestKit
{
    private static readonly Image Vmlinuz = Boot("vmlinuz", 8, DiskFormat.Aki);
    private static readonly Image Initrd = Boot("initrd", 9, DiskFormat.Ari);
    private static readonly Image OtherVmlinuz = Boot("vmlinuz-2", 10, DiskFormat.Aki);

    private readonly ConcurrentQueue<string> _booted = new();

    public RebuildTests() => Hypervisor.OnBoot = machine => _booted.Enqueue(BootOf(machine));

    /// <summary>What instances are made of, by a word each.</summary>
    private static readonly Dictionary<string, InstanceChange.Rebuild> Kinds = new()
    {
        ["disk"] = Of(2, null, null),
        ["kernel"] = Of(3, Vmlinuz, null),
        ["ramdisk"] = Of(4, Vmlinuz, Initrd),
        ["other"] = Of(5, OtherVmlinuz, Initrd),
    };

    public static TheoryData<string, string> Pairs()
    {
        TheoryData<string, string> pairs = [];
        foreach (var from in Kinds.Keys)
        {
            foreach (var to in Kinds.Keys)
                pairs.Add(from, to);
        }

        return pairs;
    }

    private static Image Boot(string name, byte seed, DiskFormat format) =>
        Given.ImageOf(name, seed) with { Format = format };

    private static InstanceChange.Rebuild Of(byte seed, Image? kernel, Image? ramdisk) => new(
        Given.ImageOf($"image-{seed}", seed) with
        {
            Kernel = kernel?.Name,
            Ramdisk = ramdisk?.Name,
            KernelArguments = kernel is null ? null : $"novacow.image={seed}",
        })
    {
        Kernel = kernel,
        Ramdisk = ramdisk,
    };

    private static LaunchSpec SpecOf(string kind) => Given.Spec with
    {
        Image = Kinds[kind].Image,
        Flavor = Given.Tiny,
        Kernel = Kinds[kind].Kernel,
        Ramdisk = Kinds[kind].Ramdisk,
    };

    private void Started(string kind)
    {
        StartMachineHost();
        Launch(kind);
    }

    private void Launch(string kind)
    {
        Prepare(spec: SpecOf(kind));
        ExpectPrepared();
        Commit();
        Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
        AwaitCondition(() => _booted.IsEmpty || Record.IsOn == true);
    }

    /// <summary>The record is of this, and nothing else of the instance is on the disk.</summary>
    private void AssertIs(string kind)
    {
        var made = Kinds[kind];
        Assert.Equal(
            (made.Image.Name, made.Image.KernelArguments), (Record.Image, Record.KernelArguments));
        Assert.Equal(
            ImagesOf(kind).OfType<Image>().Select(i => i.BaseKey()),
            Record.Disks.Select(d => d.BackingFile!));
        Assert.Equal(Record.Disks.Count - 1, Disk.BootFiles.Count);
        Assert.Empty(Disk.Replaced);
    }

    /// <summary>Every machine booted one of these alone.</summary>
    private void AssertBooted(params string[] kinds) => Assert.All(
        _booted, booted => Assert.Contains(booted, kinds.Select(Boots)));

    private static string Boots(string kind)
    {
        var made = Kinds[kind];
        return $"{made.Image.BaseKey()} {made.Kernel?.BaseKey()} {made.Ramdisk?.BaseKey()} "
            + made.Image.KernelArguments;
    }

    private string BootOf(MachineSpec machine)
    {
        var kernel = machine.Kernel;
        return $"{Path.GetFileName(machine.Disks[0].BackingPath)} {BaseOf(kernel?.KernelPath)} "
            + $"{BaseOf(kernel?.RamdiskPath)} {kernel?.Arguments}";
    }

    private BaseKey? BaseOf(string? path) => path is null ? null : Disk.BootFiles[path].BackingFile;

    private void ExpectClones(int count, params Image?[] images) => AwaitAssert(() =>
    {
        TestScheduler.Advance(TimeSpan.FromSeconds(1));
        Send(new HostProtocol.SayHello());
        var facts = Scheduler.ExpectMsg<SchedulerProtocol.HostHello>().Facts;
        foreach (var image in images.OfType<Image>())
        {
            Assert.Equal(
                count, facts.Bases.SingleOrDefault(b => b.Key == image.BaseKey())?.Clones ?? 0);
        }
    });

    private static Image?[] ImagesOf(string kind) =>
        [Kinds[kind].Image, Kinds[kind].Kernel, Kinds[kind].Ramdisk];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void An_instance_boots_what_its_new_image_says_and_nothing_is_left_of_the_old_one(
        string from, string to)
    {
        Started(from);
        Change(Kinds[to]);
        var ended = ExpectChanged();
        Assert.Equal(Record.Disks, ended.Disks);
        AssertIs(to);
        AssertBooted(from, to);
        Assert.Equal(2, _booted.Count);
        ExpectClones(1, ImagesOf(to));
        ExpectCleanDiscard();
        ExpectClones(0, [.. ImagesOf(from), .. ImagesOf(to)]);
    }

    [Theory]
    [InlineData("disk", "ramdisk")]
    [InlineData("ramdisk", "disk")]
    [InlineData("ramdisk", "other")]
    public void A_host_without_machines_rebuilds_its_instances_too(string from, string to)
    {
        StartHost();
        Launch(from);
        Change(Kinds[to]);
        ExpectChanged();
        AssertIs(to);
        ExpectCleanDiscard();
    }

    [Theory]
    [InlineData("disk", "ramdisk")]
    [InlineData("ramdisk", "disk")]
    [InlineData("ramdisk", "other")]
    [InlineData("kernel", "ramdisk")]
    public void A_host_that_dies_at_any_step_goes_on_and_boots_one_image_alone(
        string from, string to)
    {
        var isOver = false;
        for (var step = 0; !isOver; step++)
        {
            Assert.InRange(step, 0, 60);
            Started(from);
            isOver = !DieAt(step, Kinds[to]);
            if (!isOver)
            {
                StartMachineHost();
                Commit();
                Scheduler.ExpectMsg<SchedulerProtocol.Activated>();
                AssertBooted(from, to);
                // The change is known to have ended where its record says so.
                Change(Kinds[to]);
                ExpectChanged();
            }

            AssertIs(to);
            AssertBooted(from, to);
            Assert.Equal(PowerState.Running, Machine!.State);
            ExpectCleanDiscard();
            StopHost();
            Forget();
            Assert.True(!isOver || step > 10, $"it takes {step} steps");
        }
    }

    /// <summary>Begins the change, and ends the host at one of the steps that it takes.</summary>
    /// <returns>Whether it came to that step.</returns>
    private bool DieAt(int step, InstanceChange change)
    {
        var (steps, held) = (0, new TaskCompletionSource());
        Disk.OnCall = _ => Stop();
        Hypervisor.OnCall = _ => Stop();
        Change(change);
        AwaitCondition(() => Volatile.Read(ref steps) > step || Record.LastChange is not null);
        var died = Volatile.Read(ref steps) > step;
        if (died)
            StopHost();
        else
            ExpectChanged();
        Disk.Heal();
        Hypervisor.Heal();
        return died;

        Task Stop() => Interlocked.Increment(ref steps) > step ? held.Task : Task.CompletedTask;
    }

    private void Forget()
    {
        foreach (var key in Disk.Bases.Keys)
            Disk.Bases.TryRemove(key, out _);
        _booted.Clear();
    }

    [Theory]
    [InlineData("change")]
    [InlineData("clone")]
    [InlineData("fetch")]
    [InlineData("build")]
    public void A_rebuild_that_fails_leaves_the_instance_with_what_it_booted(string step)
    {
        Started("ramdisk");
        Disk.Fail(step, LaunchErrorCode.VolumeDriver);
        Change(Kinds["other"]);
        Assert.Contains($"{step} broke", ExpectNotChanged().Message, StringComparison.Ordinal);
        AssertIs("ramdisk");
        AssertBooted("ramdisk");
        Assert.Equal(PowerState.Running, Machine!.State);
        ExpectClones(0, OtherVmlinuz, Kinds["other"].Image);

        Disk.Heal();
        TestScheduler.Advance(TimeSpan.FromMinutes(10));
        Change(Kinds["other"], 2);
        ExpectChanged(2);
        AssertIs("other");
        ExpectCleanDiscard();
    }

    [Fact]
    public void A_rebuild_that_waits_for_a_kernel_is_given_up_when_it_is_cancelled()
    {
        Started("disk");
        Disk.Hold("fetch");
        Change(Kinds["kernel"]);
        AwaitCondition(() => Disk.Calls("fetch") == 2);
        Send(new HostProtocol.CancelChange(Id, Given.Fence(), 1, ChangeKind.Rebuild));
        Assert.Equal(LaunchErrorCode.Cancelled, ExpectNotChanged().Code);
        AssertIs("disk");
        Assert.Equal(PowerState.Running, Machine!.State);
    }

    [Theory]
    [InlineData("fetch")]
    [InlineData("change")]
    public void An_instance_that_is_removed_while_it_is_rebuilt_leaves_nothing(string step)
    {
        Started("kernel");
        var before = Disk.Calls(step);
        var gate = Disk.Hold(step);
        Change(Kinds["other"]);
        AwaitCondition(() => Disk.Calls(step) > before);
        Discard();
        gate.SetResult();
        Scheduler.ExpectMsg<SchedulerProtocol.Deleted>();
        Assert.True(Disk.HasNoInstances);
        Assert.Null(Machine);
    }
}
