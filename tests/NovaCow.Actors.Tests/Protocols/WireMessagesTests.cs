using System.Buffers;
using System.Collections;
using System.Reflection;
using System.Text.Json;
using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Actors.Tests.Protocols;

public sealed class WireMessagesTests
{
    private static readonly MessageSerializer Serializer =
        WireMessages.Register(new MessageSerializer());

    public static TheoryData<Type> Types() => [.. Serializer.Registrations().Select(r => r.Type)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_message_comes_back_as_it_went(Type type)
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var message = new Generator(seed).Make(type);
            var bytes = new ArrayBufferWriter<byte>();
            var manifest = Serializer.Serialize(message, bytes);
            var back = Serializer.Deserialize(manifest, bytes.WrittenSpan);
            Assert.Equal(type, back.GetType());
            var again = new ArrayBufferWriter<byte>();
            Serializer.Serialize(back, again);
            Assert.Equal(bytes.WrittenSpan, again.WrittenSpan);
        }
    }

    [Fact]
    public void Everything_that_can_leave_the_process_is_registered()
    {
        var registered = Serializer.Registrations().Select(r => r.Type).ToHashSet();
        var messages = typeof(SchedulerProtocol).GetNestedTypes()
            .Concat(typeof(HostProtocol).GetNestedTypes())
            .Where(t => t.IsAssignableTo(typeof(ISchedulerMessage))
                || t.IsAssignableTo(typeof(IHostMessage)));
        var events = typeof(SchedulerEvent).Assembly.GetTypes()
            .Where(t => t.IsAssignableTo(typeof(SchedulerEvent)) && !t.IsAbstract);
        Assert.All(messages.Concat(events), t => Assert.Contains(t, registered));
    }

    [Fact]
    public void What_a_host_says_names_the_host()
    {
        // Whoever holds a link to its certificate's name has to know whom a message is about.
        var said = Serializer.Registrations()
            .Where(r => r.Manifest.StartsWith("h.", StringComparison.Ordinal))
            .Select(r => r.Type)
            .Where(t => t.DeclaringType == typeof(SchedulerProtocol));
        Assert.All(said, t => Assert.True(t.IsAssignableTo(typeof(IFromHost)), t.Name));
    }

    [Fact]
    public void Manifests_are_short()
    {
        Assert.All(
            Serializer.Registrations(), r => Assert.InRange(r.Manifest.Length, 1, 20));
    }

    [Fact]
    public void A_member_that_a_newer_version_added_is_passed_over()
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(
            new { id = "vm-1", fence = new { epoch = 1, attempt = 2 }, added = new { x = 1 } });
        var discard = (HostProtocol.Discard)Serializer.Deserialize("h.discard", bytes);
        Assert.Equal(new LaunchFence(1, 2), discard.Fence);
    }

    /// <summary>Makes values of any of the messages' types, by their constructors and their
    /// settable properties.</summary>
    private sealed class Generator(int seed)
    {
        private readonly Random _random = new(seed);

        public object Make(Type type)
        {
            if (Simple(type) is { } simple)
                return simple;
            if (type.IsEnum)
                return Pick(Enum.GetValues(type).Cast<object>().ToList());
            if (type.IsGenericType
                && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            {
                return MakeDictionary(type.GetGenericArguments());
            }

            if (Elements(type) is { } element)
                return MakeList(element);
            if (type.IsAbstract)
                return Make(Pick(type.GetNestedTypes().Where(type.IsAssignableFrom).ToList()));
            return MakeObject(type);
        }

        private object? Simple(Type type) => type switch
        {
            _ when type == typeof(string) => "text-" + _random.Next(),
            _ when type == typeof(bool) => _random.Next(2) == 0,
            _ when type == typeof(int) => _random.Next(),
            _ when type == typeof(double) => _random.Next() / 8.0,
            _ when type == typeof(long) => _random.NextInt64(),
            _ when type == typeof(double) => _random.NextDouble(),
            _ when type == typeof(byte[]) => new byte[] { (byte)_random.Next(256) },
            _ when type == typeof(TimeSpan) => new TimeSpan(_random.NextInt64(1L << 40)),
            _ when type == typeof(DateTimeOffset) =>
                new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(_random.Next()),
            _ when type == typeof(Uri) => new Uri($"https://example.org/{_random.Next()}"),
            _ when type == typeof(Digest) =>
                Digest.Sha256(Enumerable.Repeat((byte)_random.Next(256), 32).ToArray()),
            _ when type == typeof(BaseKey) =>
                BaseKey.Of(new BlankSpec(512 * (1 + _random.Next(9)), BlankFileSystem.Xfs)),
            _ when type == typeof(DiskName) => DiskName.Ephemeral(_random.Next(16)),
            _ when type.GetMethod("Parse", [typeof(string)]) is { } parse
                && type.Namespace == typeof(InstanceId).Namespace =>
                parse.Invoke(null, [$"id-{_random.Next(1_000)}"]),
            _ => null,
        };

        private static Type? Elements(Type type) =>
            type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable))
                ? type.GetGenericArguments()[0]
                : null;

        private Array MakeList(Type element)
        {
            var list = Array.CreateInstance(element, _random.Next(3));
            for (var i = 0; i < list.Length; i++)
                list.SetValue(Make(element), i);
            return list;
        }

        private IDictionary MakeDictionary(Type[] keyAndValue)
        {
            var type = typeof(Dictionary<,>).MakeGenericType(keyAndValue);
            var made = (IDictionary)Activator.CreateInstance(type)!;
            for (var i = _random.Next(3); i > 0; i--)
                made[Make(keyAndValue[0])] = Make(keyAndValue[1]);
            return made;
        }

        private object MakeObject(Type type)
        {
            var constructor = type.GetConstructors()
                .OrderByDescending(c => c.GetParameters().Length)
                .First(c => c.GetParameters() is not [{ } only] || only.ParameterType != type);
            var nullability = new NullabilityInfoContext();
            var made = constructor.Invoke([.. constructor.GetParameters().Select(
                p => MakeOrNull(p.ParameterType, nullability.Create(p).WriteState))]);
            var rest = type.GetProperties()
                .Where(p => p.CanWrite && p.GetIndexParameters().Length == 0
                    && !constructor.GetParameters().Any(a => a.Name == p.Name));
            foreach (var property in rest)
            {
                var state = nullability.Create(property).WriteState;
                property.SetValue(made, MakeOrNull(property.PropertyType, state));
            }

            return made;
        }

        private object? MakeOrNull(Type type, NullabilityState state)
        {
            var underlying = Nullable.GetUnderlyingType(type);
            var mayBeNull = underlying is not null || state == NullabilityState.Nullable;
            return mayBeNull && _random.Next(3) == 0 ? null : Make(underlying ?? type);
        }

        private T Pick<T>(List<T> from) => from[_random.Next(from.Count)];
    }
}
